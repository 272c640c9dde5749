#!/usr/bin/env bash
# The whole recipe of the model that ships: pairs in, assistant/model out. Restartable: a step
# whose output is there is not done again; remove training/work to begin anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
usage="usage: training/runs/reference.sh DATA DEV, see training/README.md"
mkdir -p training/work
data=${1:?$usage}
dev=${2:?$usage}
work=training/work
clean=$work/clean
store=$work/store
run=$work/reference
tokenizer=$work/tokenizer.json

[ -f "$work/contamination.json" ] || {
  python -m training.decontamination "$data" "$dev" --output "$clean" >"$work/contamination.partial"
  mv "$work/contamination.partial" "$work/contamination.json"
}
[ -f "$tokenizer" ] ||
  python -m training.vocabulary "$clean" "$tokenizer" --size 56000 --megabytes 1.5
[ -f "$store/contents.json" ] ||
  python -m training.packing "$clean" "$tokenizer" "$store"
[ -f "$store/switched/contents.json" ] ||
  python -m training.switching "$clean" "$tokenizer" "$store"
[ -f "$store/teacher.npz" ] ||
  python -m training.teacher "$clean" "$tokenizer" "$store"
[ -f "$run/table.npy" ] ||
  python -m training.train "$store" "$tokenizer" "$run" \
    --dimension 384 --batch 1024 --steps 8000 --rate 0.02 --lesson 512 \
    --late-steps 0 --seed 0
python -m training.export "$run/table.npy" "$tokenizer" "$dev/xquad" assistant/model --smoothing 3e-4
