#include "sw/package/package.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "platform/configuration/error.hpp"
#include "sw/package/archive.hpp"
#include "sw/package/network_json.hpp"
#include "sw/report/sha256.hpp"

namespace cimbalom::package {

namespace {

namespace fs = std::filesystem;

constexpr const char* manifest_name = "MANIFEST.json";
using file_map = std::map<std::string, std::string>;  // name: content

std::string read_whole(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) throw bad_input({path, 0}, "", "", "cannot be read");
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.flush();
  if (!stream) throw run_error(path + ": cannot be written: is the disk full?");
}

file_map files_of(const package& value) {
  network_files parts = network_to_files(value);
  file_map files;
  files["network.json"] = std::move(parts.network_json);
  files["weights.bin"] = std::move(parts.weights);
  files["constants.bin"] = std::move(parts.constants);
  files["policy.yaml"] = value.policy;
  files["preprocess.yaml"] = value.preprocess;
  json provenance;
  provenance["seed"] = value.seed;
  provenance["provenance"] = value.provenance;
  files["provenance.json"] = provenance.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  return files;
}

std::string manifest_of(const file_map& files) {
  json manifest;
  manifest["schema_version"] = schema_version;
  for (const auto& [name, content] : files) manifest["files"][name] = report::sha256(content);
  return manifest.dump(1) + "\n";
}

std::string without_slash(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  return folder;
}

// The old one steps aside first: at every moment one of the two is whole.
void put_in_place(const std::string& made, const std::string& folder) {
  const std::string old = folder + ".old";
  std::error_code error;
  fs::remove_all(old, error);
  if (fs::exists(folder, error)) fs::rename(folder, old, error);
  if (!error) fs::rename(made, folder, error);
  if (error) {
    std::error_code ignored;
    if (!fs::exists(folder, ignored) && fs::exists(old, ignored)) fs::rename(old, folder, ignored);
    throw run_error(folder + ": cannot be written: " + error.message());
  }
  fs::remove_all(old, error);
}

// Every file the manifest names, each with its own hash; the manifest names all that are needed.
file_map checked_files(const std::string& folder) {
  if (!is_package(folder)) throw bad_input({folder, 0}, "", "", std::string("no package: it has no ") + manifest_name);
  const std::string path = folder + "/" + manifest_name;
  const json manifest = json::parse(read_whole(path), nullptr, false);
  if (manifest.is_discarded()) throw bad_input({path, 0}, "", "", "is no JSON");
  reader in(manifest, path, "");
  int version = 0;
  in("schema_version", version, schema_version, schema_version);
  const json& hashes = in.at("files");
  if (!hashes.is_object()) in.refuse("files", hashes, "an object");
  file_map files;
  for (const char* name :
       {"network.json", "weights.bin", "constants.bin", "policy.yaml", "preprocess.yaml", "provenance.json"}) {
    std::string hash;
    reader(hashes, path, "files")(name, hash);
    const std::string file = folder + "/" + name;
    if (!fs::exists(file)) throw bad_input({file, 0}, "", "", "is missing from the package");
    std::string content = read_whole(file);
    if (report::sha256(content) != hash) {
      throw bad_input({file, 0}, "sha256", report::sha256(content), "the manifest says " + hash);
    }
    files.emplace(name, std::move(content));
  }
  return files;
}

}  // namespace

bool is_package(const std::string& folder) {
  std::error_code error;
  return fs::is_regular_file(folder + "/" + manifest_name, error);
}

// Only a package, or nothing, is ever replaced.
void check_target(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || is_package(folder)) return;
  if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return;
  throw bad_input({}, "package", folder, "a folder that does not exist, is empty, or holds a package");
}

std::string identity(const std::string& folder) {
  return report::sha256_of_file(folder + "/" + manifest_name);
}

void write(const package& value, const std::string& folder) {
  const std::string target = without_slash(folder), partial = target + ".partial";
  check_target(target);
  const file_map files = files_of(value);
  std::error_code error;
  fs::remove_all(partial, error);
  fs::create_directories(partial, error);
  if (error) throw run_error(partial + ": cannot be created: " + error.message());
  try {
    for (const auto& [name, content] : files) write_file(partial + "/" + name, content);
    write_file(partial + "/" + manifest_name, manifest_of(files));
  } catch (...) {
    fs::remove_all(partial, error);
    throw;
  }
  put_in_place(partial, target);
}

package read(const std::string& folder) {
  const std::string source = without_slash(folder);
  file_map files = checked_files(source);
  package value;
  value.policy = files["policy.yaml"];
  value.preprocess = files["preprocess.yaml"];
  const std::string path = source + "/provenance.json";
  const json provenance = json::parse(files["provenance.json"], nullptr, false);
  if (provenance.is_discarded()) throw bad_input({path, 0}, "", "", "is no JSON");
  reader in(provenance, path, "");
  in("seed", value.seed);
  const json& entries = in.at("provenance");
  if (!entries.is_object()) in.refuse("provenance", entries, "an object");
  for (const auto& [key, text] : entries.items()) in.get(text, "provenance." + key, value.provenance[key]);
  network_from_files({files["network.json"], files["weights.bin"], files["constants.bin"]}, source, value);
  return value;
}

}  // namespace cimbalom::package
