#include "sw/graph/layout.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "sw/graph/messages.hpp"
#include "sw/graph/parameters.hpp"

namespace cimbalom::graph {
namespace {

using ints = std::vector<std::int64_t>;

/// Calls f(linear position in `strides`) for every index of `shape`, row-major.
template <class F>
void for_each_index(const shape_t& shape, const ints& strides, std::int64_t start, F&& f) {
  if (element_count(shape) == 0) return;
  shape_t index(shape.size(), 0);
  std::int64_t at = start;
  while (true) {
    f(at);
    std::size_t axis = shape.size();
    while (axis > 0) {
      --axis;
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
      if (axis == 0) return;
    }
    if (shape.empty()) return;
  }
}

tensor padded(const graph& g, const node& n, const tensor& in) {
  const pad_parameters p = pad_of(g, n);
  shape_t shape = in.shape();
  ints map_sizes;
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] += p.begin[i] + p.end[i];
  tensor out(in.type(), shape);
  const ints from = strides_of(in.shape());
  const ints to = strides_of(shape);
  const std::size_t width = bytes_of(in.type());
  std::vector<std::byte> fill(width);
  visit_type(in.type(), [&](auto zero) {
    const auto value = static_cast<decltype(zero)>(p.value);
    std::memcpy(fill.data(), &value, width);
  });
  for (std::int64_t linear = 0; linear < out.size(); ++linear) {
    std::int64_t rest = linear;
    std::int64_t source = 0;
    for (std::size_t axis = 0; axis < shape.size() && source >= 0; ++axis) {
      std::int64_t i = rest / to[axis] - p.begin[axis];
      rest %= to[axis];
      const std::int64_t extent = in.shape()[axis];
      if (i < 0 || i >= extent) {
        if (p.mode == "constant")
          source = -1;
        else if (p.mode == "edge")
          i = std::clamp<std::int64_t>(i, 0, extent - 1);
        else
          i = i < 0 ? -i : 2 * (extent - 1) - i;
      }
      if (source >= 0) source += i * from[axis];
    }
    std::memcpy(out.bytes() + static_cast<std::size_t>(linear) * width,
                source < 0 ? fill.data() : in.bytes() + static_cast<std::size_t>(source) * width, width);
  }
  return out;
}

tensor tiled(const tensor& in, const ints& repeats) {
  shape_t split, all;
  ints strides;
  shape_t out_shape = in.shape();
  const ints from = strides_of(in.shape());
  for (std::size_t i = 0; i < in.shape().size(); ++i) {
    split.insert(split.end(), {repeats[i], in.shape()[i]});
    strides.insert(strides.end(), {0, from[i]});
    out_shape[i] *= repeats[i];
  }
  return strided(in, split, strides).reshaped(out_shape);
}

tensor gathered(const graph& g, const node& n, const tensor& in, const tensor& indices) {
  const auto axis = static_cast<std::size_t>(axis_of(g, n));
  shape_t out_shape(in.shape().begin(), in.shape().begin() + static_cast<std::ptrdiff_t>(axis));
  const std::int64_t outer = element_count(out_shape);
  out_shape.insert(out_shape.end(), indices.shape().begin(), indices.shape().end());
  const shape_t tail(in.shape().begin() + static_cast<std::ptrdiff_t>(axis) + 1, in.shape().end());
  out_shape.insert(out_shape.end(), tail.begin(), tail.end());
  const std::size_t row = static_cast<std::size_t>(element_count(tail)) * bytes_of(in.type());
  const std::int64_t extent = in.shape()[axis];
  tensor out(in.type(), out_shape);
  std::byte* to = out.bytes();
  const ints wanted = indices.as_ints();
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t index : wanted) {
      if (index < -extent || index >= extent)
        refuse(g, n, "indices", std::to_string(index), "must be within the extent " + std::to_string(extent));
      const auto source = static_cast<std::size_t>(o * extent + (index < 0 ? index + extent : index));
      if (row > 0) std::memcpy(to, in.bytes() + source * row, row);
      to += row;
    }
  return out;
}

tensor concatenated(const graph& g, const node& n, const std::vector<const tensor*>& inputs) {
  tensor out(inputs[0]->type(), g.shape_of(n.output()));
  const auto axis = static_cast<std::size_t>(axis_of(g, n));
  shape_t shape = inputs[0]->shape();  // a batch may be larger than the graph's
  shape[axis] = 0;
  for (const tensor* part : inputs) shape[axis] += part->shape()[axis];
  if (shape != out.shape()) out = tensor(inputs[0]->type(), shape);
  shape_t position(shape.size(), 0);
  for (const tensor* part : inputs) {
    place_at(out, *part, position);
    position[axis] += part->shape()[axis];
  }
  return out;
}

/// DepthToSpace and SpaceToDepth: split, permute, join.
tensor blocked(const node& n, const tensor& in) {
  const std::int64_t b = n.int_or("blocksize", 1);
  const shape_t& x = in.shape();
  if (n.kind == op::space_to_depth)
    return transposed(in.reshaped({x[0], x[1], x[2] / b, b, x[3] / b, b}), {0, 3, 5, 1, 2, 4})
        .reshaped({x[0], x[1] * b * b, x[2] / b, x[3] / b});
  const shape_t out = {x[0], x[1] / (b * b), x[2] * b, x[3] * b};
  if (n.string_or("mode", "DCR") == "CRD")
    return transposed(in.reshaped({x[0], out[1], b, b, x[2], x[3]}), {0, 1, 4, 2, 5, 3}).reshaped(out);
  return transposed(in.reshaped({x[0], b, b, out[1], x[2], x[3]}), {0, 3, 4, 1, 5, 2}).reshaped(out);
}

}  // namespace

std::vector<std::int64_t> strides_of(const shape_t& shape) {
  ints strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * shape[i - 1];
  return strides;
}

tensor strided(const tensor& in, shape_t shape, const std::vector<std::int64_t>& strides, std::int64_t offset) {
  tensor out(in.type(), std::move(shape));
  const std::size_t width = bytes_of(in.type());
  const std::byte* from = in.bytes();
  std::byte* to = out.bytes();
  for_each_index(out.shape(), strides, offset, [&](std::int64_t at) {
    std::memcpy(to, from + static_cast<std::size_t>(at) * width, width);
    to += width;
  });
  return out;
}

tensor transposed(const tensor& in, const std::vector<std::int64_t>& permutation) {
  const ints from = strides_of(in.shape());
  shape_t shape;
  ints strides;
  for (std::int64_t axis : permutation) {
    shape.push_back(in.shape().at(static_cast<std::size_t>(axis)));
    strides.push_back(from[static_cast<std::size_t>(axis)]);
  }
  return strided(in, shape, strides);
}

tensor expanded(const tensor& in, const shape_t& shape) {
  ints strides(shape.size(), 0);
  const ints from = strides_of(in.shape());
  const std::size_t lead = shape.size() - in.shape().size();
  for (std::size_t i = 0; i < from.size(); ++i) strides[lead + i] = in.shape()[i] == 1 ? 0 : from[i];
  return strided(in, shape, strides);
}

void place_at(tensor& whole, const tensor& part, const shape_t& position) {
  const ints to = strides_of(whole.shape());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < to.size(); ++i) offset += position[i] * to[i];
  const std::size_t width = bytes_of(part.type());
  const std::byte* from = part.bytes();
  for_each_index(part.shape(), to, offset, [&](std::int64_t at) {
    std::memcpy(whole.bytes() + static_cast<std::size_t>(at) * width, from, width);
    from += width;
  });
}

bool move_layout(const graph& g, const node& n, const std::vector<const tensor*>& inputs,
                 std::vector<tensor>& outputs) {
  outputs.clear();
  if (inputs.empty() || inputs[0] == nullptr) return false;
  const tensor& x = *inputs[0];
  const auto one = [&](tensor made) {
    outputs.push_back(std::move(made));
    return true;
  };
  switch (n.kind) {
    case op::identity:
    case op::dropout:
      return one(x);
    case op::reshape:
    case op::flatten:
    case op::squeeze:
    case op::unsqueeze:
      return one(x.reshaped(g.shape_of(n.output())));
    case op::transpose:
      return one(transposed(x, permutation_of(g, n)));
    case op::slice: {
      shape_t shape;
      ints strides = strides_of(x.shape());
      std::int64_t offset = 0;
      const std::vector<slice_axis> axes = slice_of(g, n);
      for (std::size_t i = 0; i < axes.size(); ++i) {
        shape.push_back(axes[i].count);
        offset += axes[i].start * strides[i];
        strides[i] *= axes[i].step;
      }
      return one(strided(x, shape, strides, offset));
    }
    case op::concat:
      return one(concatenated(g, n, inputs));
    case op::pad:
      return one(padded(g, n, x));
    case op::expand:
      return one(expanded(x, g.shape_of(n.output())));
    case op::tile:
      return one(tiled(x, constant_ints(g, n, 1)));
    case op::gather:
      return one(gathered(g, n, x, *inputs.at(1)));
    case op::depth_to_space:
    case op::space_to_depth:
      return one(blocked(n, x));
    case op::split: {
      const auto axis = static_cast<std::size_t>(axis_of(g, n));
      const ints strides = strides_of(x.shape());
      std::int64_t offset = 0;
      for (value_id out : n.outputs) {
        outputs.push_back(strided(x, g.shape_of(out), strides, offset * strides[axis]));
        offset += g.shape_of(out)[axis];
      }
      return true;
    }
    default:
      return false;
  }
}

}  // namespace cimbalom::graph
