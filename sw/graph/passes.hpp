#pragma once

#include "sw/graph/graph.hpp"

namespace cimbalom::graph {

// Each pass keeps the graph's function and leaves it checked and with every shape known. They return the number of
// nodes they changed or removed.

/// Evaluates what depends on constants only (Constant, Shape, ConstantOfShape, layout and arithmetic on them) into
/// initializers. QuantizeLinear and DequantizeLinear stay: they carry the scales. Weights without data stay.
int fold_constants(graph& g);

/// Removes Identity, Dropout (inference), Pad of nothing, Cast to the same type, Transpose, Reshape, Flatten, Squeeze,
/// Unsqueeze and Expand that change nothing. Values that the graph returns keep their names.
int remove_identities(graph& g);

/// auto_pad of every Conv and pool becomes explicit pads.
int resolve_padding(graph& g);

/// A constant Pad with zero (on quantised paths: the zero point) of spatial axes goes into the Conv that follows, or
/// into an AveragePool that counts its padding, when nothing else reads it.
int merge_padding(graph& g);

/// BatchNormalization (inference) after Conv or Gemm with constant weights goes into weights and bias; one that
/// cannot (another reader of the product, no product before) stays. Call it after training, not before.
int fold_batch_norm(graph& g);

/// Nodes and initializers that no output needs. Graph inputs stay. Value ids are renumbered.
int remove_dead(graph& g);

/// What import does: fold_constants, remove_identities, resolve_padding, remove_dead, until nothing changes.
void canonicalize(graph& g);

/// canonicalize, then merge_padding and fold_batch_norm: the form the quantiser and compiler take.
void simplify(graph& g);

}  // namespace cimbalom::graph
