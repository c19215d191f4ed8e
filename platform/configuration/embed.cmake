# cmake -DROOT=... -DFILES=a;b -DOUTPUT=x.cpp -P embed.cmake: writes a C++ source that holds the files as text.
set(entries "")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  # A string literal may be limited to 65,536 characters: pieces are joined by the compiler.
  string(REPLACE "\n\n" "\n\n)yaml\" R\"yaml(" text "${text}")
  string(APPEND entries "    {\"${file}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"platform/configuration/embedded.hpp\"

#include <algorithm>
#include <array>
#include <utility>

namespace cimbalom::platform {
namespace {

using entry = std::pair<const char*, const char*>;
const entry entries[] = {
${entries}};

}  // namespace

std::string embedded_text(const std::string& path) {
  for (const entry& e : entries) {
    if (path == e.first) return e.second;
  }
  return {};
}

std::vector<std::string> embedded_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const entry& e : entries) {
    const std::string path = e.first;
    if (path.compare(0, folder.size(), folder) != 0) continue;
    names.push_back(path.substr(folder.size(), path.size() - folder.size() - std::string(\".yaml\").size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace cimbalom::platform
")
