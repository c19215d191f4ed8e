#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace cimbalom::traces {

/// One transaction of the data or control fabric, as its link saw it. Times in ps.
struct transaction_record {
  std::string_view link;  ///< name of the recorder
  std::uint32_t initiator = 0;
  std::int32_t layer = -1;
  bool write = false;
  std::uint64_t address = 0;
  std::uint64_t length_bytes = 0;
  std::string_view status;
  std::uint64_t begin_ps = 0;     ///< BEGIN_REQ, or the call of b_transport
  std::uint64_t accepted_ps = 0;  ///< END_REQ
  std::uint64_t response_ps = 0;  ///< BEGIN_RESP
  std::uint64_t end_ps = 0;       ///< END_RESP, or the return of b_transport
};

/// A CSV file with a line a transaction, in the order in which they end. One file serves every recorder.
class transaction_log {
 public:
  static constexpr const char* header =
      "begin_ps,accepted_ps,response_ps,end_ps,link,initiator,layer,command,address,length_bytes,status\n";

  /// Throws input_error if the file cannot be written.
  explicit transaction_log(const std::string& path);
  transaction_log(const transaction_log&) = delete;
  transaction_log& operator=(const transaction_log&) = delete;

  void add(const transaction_record& record);
  /// Throws run_error if the disk is full.
  void flush();
  std::uint64_t lines() const { return lines_; }

 private:
  struct close_file {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, close_file> file_;
  std::uint64_t lines_ = 0;
};

}  // namespace cimbalom::traces
