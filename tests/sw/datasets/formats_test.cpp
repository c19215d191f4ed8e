#include <gmock/gmock.h>

#include <algorithm>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "sw/datasets/dataset.hpp"
#include "tests/sw/datasets/test_files.hpp"

namespace cimbalom::datasets {
namespace {

using bytes = std::vector<std::uint8_t>;
using testing::AllOf;
using testing::HasSubstr;

bytes gzip(const bytes& plain) {
  std::string packed;
  boost::iostreams::filtering_ostream stream;
  stream.push(boost::iostreams::gzip_compressor());
  stream.push(boost::iostreams::back_inserter(packed));
  stream.write(reinterpret_cast<const char*>(plain.data()), static_cast<std::streamsize>(plain.size()));
  stream.reset();
  return {packed.begin(), packed.end()};
}

bytes joined(bytes a, const bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Record k: label k mod 10, pixels k, k + 1, ...
bytes cifar_records(int first, int count) {
  bytes all;
  for (int k = first; k < first + count; ++k) {
    all.push_back(static_cast<std::uint8_t>(k % 10));
    for (int i = 0; i < 3072; ++i) all.push_back(static_cast<std::uint8_t>(k + i));
  }
  return all;
}

class formats : public folder_test {};

TEST_F(formats, cifar10_reads_plain_and_packed_files) {
  write("test_batch.bin", cifar_records(0, 3));
  write("data_batch_1.bin.gz", gzip(cifar_records(5, 15)));
  write("data_batch_3.bin", cifar_records(30, 5));
  const auto test = open_dataset("cifar10:" + path(""));
  EXPECT_EQ(test->size(), 3U);
  EXPECT_EQ(test->shape(), (std::vector<std::int64_t>{3, 32, 32}));
  EXPECT_EQ(test->label(2), 2);
  EXPECT_EQ(test->pixels(2)[10], 12.0F);
  EXPECT_EQ(test->pixels(1)[3071], static_cast<float>((1 + 3071) % 256));

  const auto train = open_dataset("cifar10:" + path(""), split::train);
  const auto validation = open_dataset("cifar10:" + path(""), split::validation);
  EXPECT_EQ(train->size(), 18U);
  EXPECT_EQ(validation->size(), 2U);
  EXPECT_EQ(train->label(0), 5);
  EXPECT_EQ(validation->label(1), 34 % 10);
}

TEST_F(formats, cifar10_names_what_is_wrong) {
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("none")); }), HasSubstr("no such folder"));
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("")); }), HasSubstr("test_batch.bin"));
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path(""), split::train); }), HasSubstr("data_batch_1.bin"));
  bytes records = cifar_records(0, 3);
  records.resize(records.size() - 1);
  write("test_batch.bin", records);
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("")); }), AllOf(HasSubstr("record 2"), HasSubstr("3073")));
  records = cifar_records(0, 3);
  records[3073] = 10;
  write("test_batch.bin", records);
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("")); }),
              AllOf(HasSubstr("label of record 1 = 10"), HasSubstr("0..9")));
  write("test_batch.bin", bytes{});
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("")); }), HasSubstr("record 0"));
}

TEST_F(formats, damaged_gzip_is_refused) {
  bytes packed = gzip(cifar_records(0, 2));
  packed.resize(packed.size() / 2);
  write("test_batch.bin.gz", packed);
  EXPECT_THAT(refusal([&] { open_dataset("cifar10:" + path("")); }), HasSubstr("damaged gzip"));
}

bytes idx(std::uint8_t type, const std::vector<std::uint8_t>& extents, const bytes& data) {
  bytes file = {0, 0, type, static_cast<std::uint8_t>(extents.size())};
  for (const std::uint8_t extent : extents) file = joined(file, {0, 0, 0, extent});
  return joined(file, data);
}

TEST_F(formats, idx_reads_images_and_labels) {
  const std::string images = write("images", idx(8, {2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255}));
  const std::string labels = write("labels.gz", gzip(idx(8, {2}, {7, 3})));
  const auto data = open_dataset("idx:" + images + "," + labels);
  EXPECT_EQ(data->size(), 2U);
  EXPECT_EQ(data->shape(), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(data->label(0), 7);
  EXPECT_EQ(data->pixels(1), (std::vector<float>{7, 8, 9, 10, 11, 255}));
  EXPECT_FALSE(open_dataset("idx:" + images)->label(0).has_value());
  check_labels(*data, "idx", 8);
  EXPECT_THAT(refusal([&] { check_labels(*data, "idx:x", 7); }),
              AllOf(HasSubstr("idx:x"), HasSubstr("label of record 0 = 7"), HasSubstr("0..6")));
}

TEST_F(formats, idx_reads_big_endian_numbers) {
  const std::string shorts = write("shorts", idx(0x0B, {1, 2}, {0xFF, 0xFE, 0x01, 0x00}));
  EXPECT_EQ(open_dataset("idx:" + shorts)->pixels(0), (std::vector<float>{-2, 256}));
  const std::string floats = write("floats", idx(0x0D, {1, 1}, {0xC0, 0x20, 0, 0}));
  EXPECT_EQ(open_dataset("idx:" + floats)->pixels(0), (std::vector<float>{-2.5F}));
}

TEST_F(formats, idx_names_what_is_wrong) {
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + path("none")); }), HasSubstr("cannot be opened"));
  const std::string magic = write("magic", bytes{1, 0, 8, 1, 0, 0, 0, 1, 5});
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + magic); }), HasSubstr("wrong magic number"));
  const std::string brief = write("brief", idx(8, {3, 2, 2}, bytes(9, 1)));
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + brief); }),
              AllOf(HasSubstr("record 2 = 1 bytes"), HasSubstr("4 a record")));
  const std::string extra = write("extra", idx(8, {1, 2, 2}, bytes(5, 1)));
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + extra); }), HasSubstr("bytes behind the last record"));
  const std::string images = write("images", idx(8, {2, 2, 2}, bytes(8, 1)));
  const std::string labels = write("labels", idx(8, {3}, {1, 2, 3}));
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + images + "," + labels); }),
              AllOf(HasSubstr("labels = 3"), HasSubstr("2, the records of")));
  const std::string header = write("header", bytes{0, 0, 8, 3, 0, 0});
  EXPECT_THAT(refusal([&] { open_dataset("idx:" + header); }), HasSubstr("header"));
}

bytes npy(const std::string& type, const std::string& shape, const bytes& data, int major = 1) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  bytes file = {
      0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(major), 0, static_cast<std::uint8_t>(header.size()), 0};
  if (major > 1) file = joined(file, {0, 0});
  file.insert(file.end(), header.begin(), header.end());
  return joined(file, data);
}

template <class T>
bytes raw(const std::vector<T>& values) {
  bytes out(values.size() * sizeof(T));
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

TEST_F(formats, npy_reads_types_and_versions) {
  const std::string floats = write("x.npy", npy("<f4", "(2, 1, 2, 2)", raw<float>({1, 2, 3, 4, 5, 6, 7, 8.5F})));
  const std::string labels = write("y.npy", npy("<i8", "(2,)", raw<std::int64_t>({4, 0}), 2));
  const auto data = open_dataset("npy:" + floats + "," + labels);
  EXPECT_EQ(data->size(), 2U);
  EXPECT_EQ(data->shape(), (std::vector<std::int64_t>{1, 2, 2}));
  EXPECT_EQ(data->pixels(1), (std::vector<float>{5, 6, 7, 8.5F}));
  EXPECT_EQ(data->label(0), 4);
  const std::string doubles = write("d.npy", npy("<f8", "(1, 3)", raw<double>({0.5, -1, 2})));
  EXPECT_EQ(open_dataset("npy:" + doubles)->pixels(0), (std::vector<float>{0.5F, -1, 2}));
  const std::string octets = write("u.npy", npy("|u1", "(1, 2, 3, 1)", {1, 2, 3, 4, 5, 255}));
  EXPECT_EQ(open_dataset("npy:" + octets)->shape(), (std::vector<std::int64_t>{2, 3, 1}));
  const std::string big = write("b.npy", npy(">i2", "(1, 1)", {0xFF, 0xFD}));
  EXPECT_EQ(open_dataset("npy:" + big)->pixels(0)[0], -3.0F);
}

TEST_F(formats, values_that_are_no_finite_numbers_are_refused) {
  const float infinity = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::string first = write("n.npy", npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, nan, infinity})));
  EXPECT_THAT(refusal([&] { open_dataset("npy:" + first); }),
              AllOf(HasSubstr("n.npy"), HasSubstr("record 1, value 1 = NaN"), HasSubstr("finite")));
  const std::string second = write("i.npy", npy("<f8", "(2, 1)", raw<double>({0, 1e300})));
  EXPECT_THAT(refusal([&] { open_dataset("npy:" + second); }), HasSubstr("record 1, value 0 = infinite"));
}

TEST_F(formats, npy_names_what_is_wrong) {
  const auto refused = [&](const bytes& file) {
    const std::string name = write("bad.npy", file);
    return refusal([&] { open_dataset("npy:" + name); });
  };
  EXPECT_THAT(refused({1, 2, 3}), HasSubstr("wrong magic number"));
  EXPECT_THAT(refused(npy("<c8", "(1,)", bytes(8))), HasSubstr("element type"));
  EXPECT_THAT(refused(npy("<f4", "()", bytes(4))), HasSubstr("shape"));
  EXPECT_THAT(refused(npy("<f4", "(2, 3)", bytes(20))), HasSubstr("record 1 = 8 bytes"));
  EXPECT_THAT(refused(npy("<f4", "(0, 3)", {})), HasSubstr("records = 0"));
  EXPECT_THAT(refused(npy("<f4", "(1, 0)", {})), HasSubstr("extent of axis 1"));
  EXPECT_THAT(refused(npy("<f4", "(1, 99999999999, 99999999999)", {})), HasSubstr("extent of axis 2"));
  bytes fortran = npy("<f4", "(1, 1)", bytes(4));
  const std::string text = "False";
  const auto at = std::search(fortran.begin(), fortran.end(), text.begin(), text.end());
  std::copy_n("True ", 5, at);
  EXPECT_THAT(refused(fortran), HasSubstr("fortran_order"));
  bytes cut = npy("<f4", "(1, 1)", {});
  cut.resize(30);
  EXPECT_THAT(refused(cut), HasSubstr("truncated header"));
  const std::string x = write("x.npy", npy("<f4", "(1, 1)", bytes(4)));
  const std::string y = write("y.npy", npy("<f4", "(1,)", bytes(4)));
  EXPECT_THAT(refusal([&] { open_dataset("npy:" + x + "," + y); }), HasSubstr("labels = floating point: integers"));
  const std::string z = write("z.npy", npy("|i1", "(1,)", {0xFF}));
  EXPECT_THAT(refusal([&] { open_dataset("npy:" + x + "," + z); }), HasSubstr("label of record 0 = -1"));
}

TEST_F(formats, unknown_specs_are_refused) {
  for (const char* spec : {"", "mnist", "cifar10", "cifar10:", "idx:", "idx:a,", "idx:a,b,c", "builtin:x", "npy:,y"})
    EXPECT_THAT(refusal([&] { open_dataset(spec); }), HasSubstr("builtin, cifar10:DIR")) << spec;
  EXPECT_THAT(refusal([&] { open_dataset("npy:" + path("")); }), HasSubstr("is a folder"));
}

TEST_F(formats, shared_data_sets_open) {
  const char* given = std::getenv("CIMBALOM_SHARED");
  const std::string shared = given != nullptr ? given : CIMBALOM_SHARED_DIR;
  if (!std::filesystem::exists(shared + "/data/cifar10")) GTEST_SKIP() << "no shared data at " << shared;
  const auto cifar = open_dataset("cifar10:" + shared + "/data/cifar10");
  EXPECT_EQ(cifar->size(), 5000U);
  const std::string fashion = shared + "/data/fashion-mnist/";
  const auto images =
      open_dataset("idx:" + fashion + "t10k-images-idx3-ubyte.gz," + fashion + "t10k-labels-idx1-ubyte.gz");
  EXPECT_EQ(images->size(), 10000U);
  EXPECT_EQ(images->shape(), (std::vector<std::int64_t>{1, 28, 28}));
  check_labels(*images, "fashion", 10);
}

}  // namespace
}  // namespace cimbalom::datasets
