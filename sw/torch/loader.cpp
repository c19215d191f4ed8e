#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <mutex>

#include "platform/configuration/error.hpp"
#include "sw/torch/float_executor.hpp"
#include "sw/torch/plugin.hpp"
#include "sw/torch/trainer.hpp"

namespace cimbalom::torch {
namespace {

constexpr const char* library_name = "libcimbalom_torch.so";

std::string executable_folder() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
  if (length <= 0) return ".";
  const std::string name(path, static_cast<std::size_t>(length));
  return name.substr(0, name.rfind('/'));
}

/// libtorch's threads sleep while they wait, unless the user wants otherwise: spinning ones starve a shared machine.
/// RTLD_LOCAL: libtorch's symbols stay out of the program's own name space.
void* open_library() {
  setenv("OMP_WAIT_POLICY", "passive", 0);
  const std::string folder = executable_folder();
  std::string reason;
  for (const std::string& path :
       {folder + "/" + library_name, folder + "/../lib/" + library_name, std::string(library_name)}) {
    if (path.find('/') != std::string::npos && access(path.c_str(), R_OK) != 0) continue;
    if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
    reason = dlerror();
  }
  throw run_error(std::string(library_name) + " is needed for floating point and cannot be loaded (" + reason +
                  "): build with CIMBALOM_TORCH=ON and keep it beside the program");
}

template <class F>
F symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (found == nullptr) throw run_error(std::string(library_name) + ": " + name + " is missing: rebuild it");
  return reinterpret_cast<F>(found);
}

/// The library, opened on first use and checked.
void* plugin() {
  static std::mutex guard;
  static void* library = nullptr;  // stays open: executors and libtorch's threads live in it
  const std::lock_guard<std::mutex> lock(guard);
  if (library == nullptr) library = open_library();
  const int version = symbol<decltype(&cimbalom_torch_version)>(library, "cimbalom_torch_version")();
  if (version != CIMBALOM_TORCH_PLUGIN_VERSION)
    throw run_error(std::string(library_name) + ": version " + std::to_string(version) + ", the program needs " +
                    std::to_string(CIMBALOM_TORCH_PLUGIN_VERSION) + ": rebuild it");
  return library;
}

}  // namespace

std::unique_ptr<float_executor> load_float_executor(const graph::graph& g, int threads) {
  const auto make = symbol<decltype(&cimbalom_make_float_executor)>(plugin(), "cimbalom_make_float_executor");
  return std::unique_ptr<float_executor>(make(g, threads));
}

std::unique_ptr<trainer> load_trainer(const trainer_setup& setup) {
  const auto make = symbol<decltype(&cimbalom_make_trainer)>(plugin(), "cimbalom_make_trainer");
  return std::unique_ptr<trainer>(make(setup));
}

}  // namespace cimbalom::torch
