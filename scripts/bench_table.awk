# A recorded table of this program (or /dev/null) and the JSON of Google Benchmark, one key a line, as a new table.
BEGIN { line = "%-48s %14s %10s %8s %8s\n" }

# Time in ns, whatever its unit.
function nanoseconds(value, unit) {
  return value * (unit == "ms" ? 1e6 : unit == "us" ? 1e3 : unit == "s" ? 1e9 : 1)
}

function finish() {
  if (name == "") return
  order[++count] = name
  now[name] = nanoseconds(name ~ /manual_time/ ? real : cpu, unit)
  rates[name] = rate
  name = ""
}

FILENAME == ARGV[1] && ARGV[1] != "/dev/null" { before[$1] = $2; next }
{
  key = $1
  gsub(/[":]/, "", key)
  value = $2
  gsub(/[",]/, "", value)
}
key == "name" { finish(); name = value; rate = "" }
key == "real_time" { real = value }
key == "cpu_time" { cpu = value }
key == "time_unit" { unit = value }
key == "conversion/s" || key == "macs" || (key == "items_per_second" && rate == "") { rate = value }
END {
  finish()
  printf line, "benchmark", "ns_a_run", "M/s", "of_bare", "speed-up"
  for (n = 1; n <= count; ++n) {
    name = order[n]
    bound = gain = "-"
    if (name ~ /^kernel\//) {
      split(substr(name, 8), parts, "_")
      bare = "bare/" parts[1] "_" parts[2]
      if (rates[bare] > 0) bound = sprintf("%.2f", rates[name] / rates[bare])
    }
    if ((name in before) && now[name] > 0) gain = sprintf("%.2f", before[name] / now[name])
    printf line, name, sprintf("%.0f", now[name]), rates[name] == "" ? "-" : sprintf("%.3f", rates[name] / 1e6), bound, gain
  }
}
