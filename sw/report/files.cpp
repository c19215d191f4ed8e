#include <cstdio>
#include <filesystem>
#include <fstream>

#include "platform/configuration/error.hpp"
#include "platform/configuration/platform_file.hpp"
#include "sw/report/report.hpp"

namespace cimbalom::report {

std::string resolved_yaml(const report_input& input) {
  return "# The platform of cimbalom " + input.command +
         " with every key; give it as --platform to run the same again.\n" + platform::write_platform(input.platform) +
         input.quantization_yaml;
}

void prepare_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string probe = folder + "/.cimbalom-probe";
  const bool writable = !error && std::filesystem::is_directory(folder) && static_cast<bool>(std::ofstream(probe) << 1);
  std::filesystem::remove(probe, error);
  if (!writable) throw bad_input({}, "--out", folder, "a folder that can be created and written to");
}

void write_whole(const std::string& path, const std::string& text) {
  const std::string part = path + ".part";
  {
    std::ofstream stream(part, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.flush();
    if (!stream) {
      stream.close();
      std::remove(part.c_str());
      throw run_error(path + ": cannot be written: is the disk full?");
    }
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    throw run_error(path + ": cannot be written");
  }
}

void write_report(const report_input& input, const std::string& folder) {
  const std::string json = report_json(input).to_text();
  const std::string csv = layers_csv(input);
  write_whole(folder + "/report.json", json);
  write_whole(folder + "/layers.csv", csv);
  write_whole(folder + "/resolved.yaml", resolved_yaml(input));
}

}  // namespace cimbalom::report
