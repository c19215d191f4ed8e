#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "models/registers/accelerator_registers.hpp"
#include "models/registers/dma_registers.hpp"

namespace cimbalom::registers {
namespace {

TEST(register_documents, hold_the_tables_of_the_code) {
  std::ifstream file(CIMBALOM_DOCS_DIR "/registers.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(page.empty());
  EXPECT_NE(page.find(to_markdown(accelerator_table)), std::string::npos);
  std::vector<register_row> rows;
  EXPECT_NE(page.find(to_markdown(make_dma_table(1, rows))), std::string::npos);
}

}  // namespace
}  // namespace cimbalom::registers
