#!/usr/bin/env bash
# A transformer beyond the static vectors, in three parts for two machines:
#   training/runs/contextual.sh pack STORE        where the store is: pairs small enough to carry
#   training/runs/contextual.sh train             where the GPU is; again after a stop, to go on
#   training/runs/contextual.sh export DEV OUTPUT anywhere: through the gate, or not at all
# STATIC, assistant/model unless it is set, is the model to start from and to beat.
set -euo pipefail
cd "$(dirname "$0")/../.."
usage="usage: training/runs/contextual.sh pack STORE | train | export DEV OUTPUT"
part=${1:?$usage}
static=${STATIC:-assistant/model}
work=training/work/contextual

case $part in
pack)
  # What may be carried at once is 64 MiB, most of it the checkout with the static model. Each
  # seed is another sample, and what trains is all the packs that are there before the first
  # step: more than one can be carried, one after the other.
  mkdir -p "$work"
  for seed in ${SEEDS:-0 1 2 3}; do
    [ -f "$work/pack-$seed.npz" ] ||
      python -m training.contextual pack "${2:?$usage}" "$work/pack-$seed.npz" \
        --megabytes "${MEGABYTES:-18}" --seed "$seed"
  done
  ;;
train)
  # Layers and sizes: what a laptop bears. 4.7 million weights beside the table are about 10 MFLOP
  #   a token; twice the layers cost twice that at every question and every build.
  # Heads of 64, the size that the fast attention kernels are made for.
  # Batch: negatives are what the contrast lives on. A token keeps some 110 kB until its gradient
  #   is there (by a count on a CPU), so 4,096 pairs take about 45 GB of the GPU's 140.
  # Steps: 25 million pairs, each of four packs some thirty times. More wants more packs first.
  # Rate: the rows are scaled to a deviation of one, so one rate serves table and layers.
  # Dropout: the packs are seen so often that without it they would be learned by heart.
  # Minutes: of training, in all calls together. A borrowed half hour also starts, carries and
  #   compiles; when the minutes run out the rate has gone down by the clock.
  python -m training.contextual train "$static" "$work/run" "$work"/pack-*.npz \
    --layers 4 --heads 6 --intermediate 512 --tokens 256 --dropout 0.1 \
    --batch 4096 --steps 6000 --rate 1e-3 --warmup 200 --seed 0 \
    --minutes "${MINUTES:-20}" --workers 8 --device cuda
  ;;
export)
  python -m training.contextual export "$work/run" "$static" "${2:?$usage}" "${3:?$usage}"
  ;;
*)
  echo "$usage" >&2
  exit 2
  ;;
esac
