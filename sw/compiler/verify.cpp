#include "sw/compiler/verify.hpp"

#include <algorithm>
#include <map>

#include "sw/compiler/hazards.hpp"

namespace cimbalom::compiler {

namespace {

using registers::command;
using registers::opcode;

constexpr std::size_t most_findings = 20;

// A descriptor of either kind, as it lies in the memory image.
struct decoded {
  registers::mvm_descriptor mvm;
  registers::vector_descriptor vector;
  bool is_mvm = false;
  std::uint64_t bytes = 0;
};

class verifier {
 public:
  verifier(const program& compiled, const target& hardware) : program_(compiled), hardware_(hardware) {}

  std::vector<std::string> run(int repetitions) {
    for (const command& one : program_.setup) step(one, "setup");
    join_all();
    for (int i = 0; i < repetitions; ++i) {
      for (std::size_t s = 0; s < program_.segments.size(); ++s) {
        for (const command& one : program_.segments[s].commands) step(one, "image " + std::to_string(i));
        // Only a stream of one segment is repeated without a fence in between.
        if (program_.segments.size() > 1) join_all();
      }
    }
    return std::move(findings_);
  }

 private:
  void report(const std::string& where, const command& value, const std::string& what) {
    if (findings_.size() < most_findings) findings_.push_back(where + ": " + describe(value) + ": " + what);
  }

  void join_all() { known_.fill({}), fenced_ = issued_; }

  void step(const command& value, const std::string& where) {
    const registers::engine who = registers::engine_of(value.op);
    if (who == registers::engine::none) return;
    const auto own = static_cast<std::size_t>(who);
    operand_view operand;
    if (!find_operand(value, operand)) return report(where, value, "no descriptor at its place");
    std::vector<access> accesses;
    append_accesses(value, operand, hardware_.positions(), accesses);
    for (const access& one : accesses) check_range(one, value, where);

    engine_counts needed{};
    tracker_.touch(accesses, who, issued_[own], needed);
    const engine_counts complete = complete_before(value);
    for (std::size_t e = 0; e < needed.size(); ++e) {
      if (needed[e] > complete[e] && e != own) {
        report(where, value,
               "does not wait for command " + std::to_string(needed[e] - 1) + " of engine " + std::to_string(e) +
                   ", which it conflicts with");
      }
    }
    ++issued_[own];
    known_[own].push_back(complete);
    note_parameters(value);
  }

  // What is certainly complete when the command starts: by its lags, and by what those commands had waited for.
  engine_counts complete_before(const command& value) const {
    engine_counts complete = fenced_;
    for (std::size_t e = 0; e < complete.size(); ++e) {
      if (value.lag[e] == registers::any_lag || issued_[e] < value.lag[e]) continue;
      const std::uint64_t count = issued_[e] - value.lag[e];
      if (count <= fenced_[e]) continue;
      complete[e] = std::max(complete[e], count);
      const engine_counts& before = known_[e][static_cast<std::size_t>(count - fenced_[e] - 1)];
      for (std::size_t k = 0; k < complete.size(); ++k) complete[k] = std::max(complete[k], before[k]);
    }
    return complete;
  }

  void note_parameters(const command& value) {
    if (value.op != opcode::load_parameters) return;
    for (auto it = loaded_.begin(); it != loaded_.end();) {
      const bool overlaps = it->first < value.buffer + value.row_bytes && value.buffer < it->first + it->second.bytes;
      it = overlaps ? loaded_.erase(it) : std::next(it);
    }
    loaded_[value.buffer] = {value.memory_address, value.row_bytes};
  }

  bool find_operand(const command& value, operand_view& operand) {
    if (value.op == opcode::program) {
      operand.bytes = value.positions * hardware_.position_bytes();
      return true;
    }
    if (value.op != opcode::compute && value.op != opcode::vector_op) return true;
    auto holder = loaded_.upper_bound(value.descriptor);
    if (holder == loaded_.begin()) return false;
    --holder;
    const std::uint64_t address = holder->second.address + (value.descriptor - holder->first);
    if (value.descriptor - holder->first >= holder->second.bytes) return false;
    const decoded* found = decode_at(address, value.op == opcode::compute);
    if (found == nullptr) return false;
    operand.bytes = found->bytes;
    operand.mvm = found->is_mvm ? &found->mvm : nullptr;
    operand.vector = found->is_mvm ? nullptr : &found->vector;
    return true;
  }

  const decoded* decode_at(std::uint64_t address, bool is_mvm) {
    if (const auto known = descriptors_.find(address); known != descriptors_.end()) return &known->second;
    if (address < program_.image_region.address ||
        address - program_.image_region.address >= program_.memory_image.size())
      return nullptr;
    const auto offset = static_cast<std::size_t>(address - program_.image_region.address);
    const std::uint8_t* bytes = &program_.memory_image[offset];
    const std::size_t left = program_.memory_image.size() - offset;
    decoded value;
    value.is_mvm = is_mvm;
    value.bytes = registers::descriptor_bytes(bytes, left);
    const registers::error_code error =
        is_mvm ? registers::decode(bytes, left, value.mvm) : registers::decode(bytes, left, value.vector);
    if (error != registers::error_code::none) return nullptr;
    return &descriptors_.emplace(address, std::move(value)).first->second;
  }

  void check_range(const access& one, const command& value, const std::string& where) {
    std::uint64_t end = 0;
    switch (one.where) {
      case space::buffer:
        return check_buffer(one, value, where);
      case space::memory:
        if (one.begin < hardware_.memory_base || one.end > program_.dram_end) report(where, value, "memory range");
        return;
      case space::position:
        end = hardware_.banks() * hardware_.positions();
        check_position(one, value, where);
        break;
      case space::accumulator:
        end = static_cast<std::uint64_t>(hardware_.accelerator.accumulator_bytes);
        break;
    }
    if (one.end > end) report(where, value, "bank, position or accumulator range");
  }

  void check_buffer(const access& one, const command& value, const std::string& where) {
    const std::uint64_t base = one.begin / registers::buffer_stride * registers::buffer_stride;
    const cim::accelerator_config& a = hardware_.accelerator;
    const std::int64_t sizes[] = {a.input_buffer_bytes, a.output_buffer_bytes, a.weight_buffer_bytes,
                                  a.parameter_buffer_bytes};
    const std::size_t buffer = static_cast<std::size_t>(base / registers::buffer_stride);
    if (buffer >= 4 || one.end - base > static_cast<std::uint64_t>(sizes[buffer])) report(where, value, "buffer range");
  }

  void check_position(const access& one, const command& value, const std::string& where) {
    programmed_.resize(hardware_.banks() * hardware_.positions());
    for (std::uint64_t p = one.begin; p < one.end && p < programmed_.size(); ++p) {
      if (one.write) programmed_[p] = true;
      if (!one.write && !programmed_[p]) return report(where, value, "position was never programmed");
    }
  }

  const program& program_;
  const target& hardware_;
  std::vector<std::string> findings_;
  hazard_tracker tracker_;
  engine_counts issued_{}, fenced_{};
  std::array<std::vector<engine_counts>, registers::engine_count> known_;
  struct loaded {
    std::uint64_t address = 0, bytes = 0;
  };
  std::map<std::uint64_t, loaded> loaded_;  // parameter buffer: aperture offset -> memory
  std::map<std::uint64_t, decoded> descriptors_;
  std::vector<bool> programmed_;
};

}  // namespace

std::vector<std::string> verify(const program& compiled, const target& hardware, int repetitions) {
  return verifier(compiled, hardware).run(repetitions);
}

}  // namespace cimbalom::compiler
