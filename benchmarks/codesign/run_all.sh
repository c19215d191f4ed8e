#!/usr/bin/env bash
# Reruns every co-design of this folder: main point, trade-off, 8-bit retraining, other networks, ablation.
# Usage: run_all.sh PROGRAM SHARED OUT. What has a report is not run again; what was stopped goes on.
set -euo pipefail
program=$1 shared=$2 out=$3
here=$(cd "$(dirname "$0")" && pwd)
cifar=cifar10:$shared/data/cifar10

# design NAME MODEL TRAINING POLICY [--set ...]
design() {
  local name=$1 model=$2 training=$3 policy=$4
  shift 4
  [ -e "$out/$name.package/MANIFEST.json" ] && return
  "$program" codesign --model "$model" --dataset "$training" --policy "$policy" --resume --out "$out/$name.package" "$@"
}

# measure NAME TEST [--ablation]
measure() {
  local name=$1 test=$2
  shift 2
  [ -e "$out/$name/report.json" ] || "$program" run --package "$out/$name.package" --dataset "$test" --out "$out/$name" "$@"
  [ -e "$out/$name-accuracy/report.json" ] ||
    "$program" evaluate --package "$out/$name.package" --dataset "$test" --out "$out/$name-accuracy"
}

resnet20=$shared/data/networks/resnet20_bn.onnx
design resnet20 "$resnet20" "$cifar" "$here/resnet20.yaml"
measure resnet20 "$cifar" --ablation
# The trade-off: wider and narrower than the main point.
design resnet20-wide "$resnet20" "$cifar" "$here/resnet20.yaml" --set 'policy.budget.mean_bits=[8, 6, 6]' \
  --set policy.pruning.target_density=0.9
measure resnet20-wide "$cifar"
design resnet20-narrow "$resnet20" "$cifar" "$here/resnet20.yaml" --set 'policy.budget.mean_bits=[6, 4.5, 4]' \
  --set policy.pruning.target_density=0.7
measure resnet20-narrow "$cifar"
# The baseline's accuracy after the same training: 8 bits everywhere, nothing pruned.
design resnet20-dense "$resnet20" "$cifar" "$here/resnet20.yaml" --set policy.budget.mean_bits=8 \
  --set policy.pruning.target_density=1 --set policy.activation_bits=8 --set policy.pairing.filters_per_slot=1
measure resnet20-dense "$cifar"
# The same flow on another network.
design resnet8 "$shared/data/networks/resnet8_cifar10_float.onnx" "$cifar" "$here/resnet20.yaml" \
  --set policy.budget.mean_bits=6
measure resnet8 "$cifar"
if [ -n "${FASHION_MODEL:-}" ]; then # a float network of 1 x 28 x 28 images
  fashion=$shared/data/fashion-mnist
  design fashion "$FASHION_MODEL" "idx:$fashion/train-images-idx3-ubyte.gz,$fashion/train-labels-idx1-ubyte.gz" \
    "$here/resnet20.yaml" --set policy.budget.mean_bits=6 --set policy.augmentation.flip=false
  measure fashion "idx:$fashion/t10k-images-idx3-ubyte.gz,$fashion/t10k-labels-idx1-ubyte.gz"
fi
