#!/usr/bin/env bash
# The whole recipe of the model that ships: pairs in, assistant/model out. Restartable: a step
# whose output is there is not done again; remove training/work to begin anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=${1:?usage: training/runs/reference.sh DATA DEV, see training/README.md}
dev=${2:?usage: training/runs/reference.sh DATA DEV, see training/README.md}
work=training/work
run=$work/reference

[ -f "$work/tokenizer.json" ] ||
  python -m training.vocabulary "$data" "$work/tokenizer.json" --size 80000 --megabytes 1.5
[ -f "$work/packed/groups.json" ] ||
  python -m training.packing "$data" "$work/tokenizer.json" "$work/packed"
[ -f "$run/table.npy" ] ||
  python -m training.train "$work/packed" "$work/tokenizer.json" "$run" \
    --dimension 256 --batch 2048 --steps 8000 --rate 0.02 \
    --late-steps 0 --seed 0
python -m training.export "$run/table.npy" "$work/tokenizer.json" "$dev" assistant/model --smoothing 3e-4
