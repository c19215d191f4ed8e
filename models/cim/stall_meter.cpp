#include "models/cim/stall_meter.hpp"

namespace cimbalom::cim {

void stall_meter::advance(std::uint64_t now_ps) {
  const std::uint64_t elapsed = now_ps - last_ps_;
  last_ps_ = now_ps;
  if (!open_) return;
  statistics_.job_ps += elapsed;
  if (computing_) {
    statistics_.layers[layer_].busy_ps += elapsed;
  } else {
    gap_[cause_] += elapsed;
  }
}

void stall_meter::open(std::uint64_t now_ps) {
  if (open_) return;
  last_ps_ = now_ps;
  open_ = true;
  cause_ = stall_cause::command_fetch;
}

void stall_meter::set_cause(std::uint64_t now_ps, stall_cause cause) {
  advance(now_ps);
  cause_ = cause;
}

void stall_meter::begin(std::uint64_t now_ps, std::int32_t layer) {
  advance(now_ps);
  layer_ = layer;
  statistics_.layers[layer].stalls += gap_;
  gap_ = {};
  computing_ = true;
}

void stall_meter::end(std::uint64_t now_ps, const stall_times& inside) {
  advance(now_ps);
  layer_statistics& layer = statistics_.layers[layer_];
  layer.busy_ps -= inside.total();
  layer.stalls += inside;
  computing_ = false;
}

void stall_meter::close(std::uint64_t now_ps) {
  advance(now_ps);
  if (gap_.total() != 0) statistics_.layers[layer_].stalls += gap_;
  gap_ = {};
  open_ = false;
  computing_ = false;
}

}  // namespace cimbalom::cim
