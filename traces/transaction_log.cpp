#include "traces/transaction_log.hpp"

#include <cinttypes>

#include "platform/configuration/error.hpp"

namespace cimbalom::traces {

transaction_log::transaction_log(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "wb")) {
  if (!file_) throw bad_input({}, "transactions", path, "a file that can be written");
  std::fputs(header, file_.get());
}

void transaction_log::add(const transaction_record& record) {
  ++lines_;
  std::fprintf(file_.get(),
               "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.*s,%" PRIu32 ",%" PRId32 ",%s,0x%" PRIx64 ",%" PRIu64
               ",%.*s\n",
               record.begin_ps, record.accepted_ps, record.response_ps, record.end_ps,
               static_cast<int>(record.link.size()), record.link.data(), record.initiator, record.layer,
               record.write ? "write" : "read", record.address, record.length_bytes,
               static_cast<int>(record.status.size()), record.status.data());
}

void transaction_log::flush() {
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0) {
    throw run_error("transactions = " + path_ + ": cannot be written (disk full?)");
  }
}

}  // namespace cimbalom::traces
