#include "sw/codesign/checkpoint.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "platform/configuration/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace cimbalom::codesign {
namespace {

std::string file(const std::string& name) {
  return testing_support::process_folder() / name;
}

checkpoint sample(float value) {
  checkpoint made;
  made["weights"] = graph::tensor::of<float>({2, 3}, {value, 1, 2, 3, 4, 5});
  made["progress"] = graph::tensor::of<std::int64_t>({2}, {-7, 1});
  made["empty"] = graph::tensor::of<float>({0}, {});
  made["one"] = graph::tensor::scalar<double>(0.1);
  return made;
}

std::string bytes_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(checkpoint, comes_back_as_it_went) {
  const std::string path = file("round.ckpt");
  save_checkpoint(sample(9), path);
  EXPECT_EQ(load_checkpoint(path), sample(9));
  save_checkpoint(sample(10), path);
  EXPECT_EQ(load_checkpoint(path), sample(10));
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  std::filesystem::remove(path);
}

TEST(checkpoint, every_cut_and_flip_is_noticed) {
  const std::string path = file("cut.ckpt");
  save_checkpoint(sample(1), path);
  const std::string whole = bytes_of(path);
  for (std::size_t length = 0; length < whole.size(); length += 5) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    EXPECT_THROW(load_checkpoint(path), input_error) << length;
  }
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 16);
    std::ofstream(path, std::ios::binary) << flipped;
    EXPECT_THROW(load_checkpoint(path), input_error) << at;
  }
  std::filesystem::remove(path);
}

TEST(checkpoint, absent_files_and_folders) {
  EXPECT_THROW(load_checkpoint(file("absent")), input_error);
  EXPECT_THROW(save_checkpoint(sample(1), file("no") + "/folder/x.ckpt"), run_error);
}

// A file size limit stands for a full disk: writes fail in the middle.
TEST(checkpoint, the_last_good_one_survives_a_full_disk) {
  const std::string path = file("full.ckpt");
  save_checkpoint(sample(1), path);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{64, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    save_checkpoint(sample(2), path);
  } catch (const run_error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_NE(message.find("the checkpoint cannot be written"), std::string::npos) << message;
  EXPECT_EQ(load_checkpoint(path), sample(1));
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace cimbalom::codesign
