#!/usr/bin/env bash
# Comparisons, sweeps and searches by a real Slurm, undisturbed and disturbed: `run.sh DML`.
#
# Each is done here and by Slurm, in two folders, and has to leave the same bytes in both. Files that
# hold times are left out.
set -euo pipefail

dml=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
sample=$here/../../data/fashion-mnist_sample.csv.gz
scratch=$(mktemp -d /tmp/dml-slurm.XXXXXX)
export SLURM_CONF=$scratch/cluster/slurm.conf
mkdir -p "$scratch/cluster" "$scratch/alone" "$scratch/it's a \"cluster\", 100%j"
alone=$scratch/alone
cluster=$scratch/it\'s\ a\ \"cluster\",\ 100%j

end() {
  code=$?
  # What is still at work would write into a folder that is gone.
  scancel --user="$(id -un)" 2>/dev/null || true
  "$here/cluster.sh" stop "$scratch/cluster"
  if [ "$code" = 0 ]; then rm -rf "$scratch"; else echo "slurm: FAILED, all is left in $scratch" >&2; fi
}
trap end EXIT

fail() {
  echo "slurm: $*" >&2
  exit 1
}

# Waits until something is so, at most as many seconds.
wait_until() {
  local seconds=$1
  shift
  for _ in $(seq $((seconds * 5))); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.2
  done
  squeue >&2
  fail "not so within $seconds s: $*"
}

ended() { [ -z "$(squeue --noheader --jobs="$1")" ]; }

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# Submits a command in the folder of the cluster; `$told` is what dml says of it.
submit() {
  told=$(cd "$cluster" && "$dml" --quiet "$@" --executor slurm --json)
  job=$(field job <<<"$told")
  collector=$(field collector <<<"$told")
  log=$cluster/$(field logs <<<"$told")
}

# Submits and waits for what collects, which has to succeed.
by_slurm() {
  submit "$@"
  wait_until 240 ended "$collector"
  collected 0
}

# Asserts the exit code of what collected last.
collected() {
  scontrol show job "$collector" | grep -q "ExitCode=$1:0" || {
    cat "$log"/* >&2
    fail "job $collector, which collects, did not end with code $1"
  }
}

# A sweep's figures are in table.csv and runs.csv; sweep.json has the command, which Slurm is told otherwise.
same() {
  diff --recursive --brief --exclude='slurm-*' --exclude='checkpoint*' --exclude=history.csv \
    --exclude=times.json --exclude='compare-*' --exclude=trial.json --exclude=search.json \
    --exclude=report.html --exclude=sweep.json \
    "$alone/runs" "$cluster/runs" || fail 'the bytes differ'
  for table in "$alone"/runs/compare-*/standings.csv; do
    [ ! -e "$table" ] || cmp "$table" "$cluster${table#"$alone"}" || fail 'the standings differ'
  done
}

begin() {
  rm -rf "$alone/runs" "$cluster/runs"
  echo "slurm: $*" >&2
}

alone() { (cd "$alone" && "$dml" --quiet "$@" >/dev/null); }

# The process at work on a run, by its lock, which holds the number.
process() { cat "$cluster"/runs/$1*.lock | grep .; }

has_checkpoint() { ls "$cluster/runs/$1"*/checkpoint.safetensors >/dev/null; }

"$here/cluster.sh" start "$scratch/cluster"
for folder in "$alone" "$cluster"; do
  (cd "$folder" && "$dml" --quiet data sample "$sample" --per-class 60 --out small.csv)
  cat >"$folder/small.toml" <<'TOML'
[data]
path = "small.csv"
[train]
epochs = 2
batch = 64
checkpoint_every = "10 steps"
[tsne]
perplexity = 8.0
iterations = 60
TOML
done

begin 'a comparison'
compare=(compare --config small.toml --seeds '1,2')
alone "${compare[@]}"
by_slurm "${compare[@]}" --jobs 2 --mem 500M --sbatch=--comment='two words'
same
[ "$(cd "$cluster" && "$dml" -q "${compare[@]}" --executor slurm --json | field tasks)" = 0 ] ||
  fail 'finished runs are submitted again'

begin 'a sweep, one of whose trainings diverges'
sweep=(sweep --config small.toml --losses contrastive --seeds '1,2' --set 'train.learning_rate=1e-3,1e30')
alone "${sweep[@]}"
by_slurm "${sweep[@]}"
same

begin 'a search, one of whose workers is killed and another told that its time is over'
tune=(tune --config small.toml --loss contrastive --trials 8 --epochs 12)
alone "${tune[@]}"
submit "${tune[@]}"
wait_until 60 process 'tune-contrastive-*/.trial-001' >/dev/null
kill -KILL "$(process 'tune-contrastive-*/.trial-001')"
# Two work at a time, so the third begins in its place.
wait_until 60 grep -q engine "$log/${job}_2.out"
sleep 1
scancel --batch --signal=TERM "${job}_2"
wait_until 240 ended "$collector"
collected 0
grep -q 'goes on from its checkpoint when Slurm begins it again' "$log/${job}_2.out" ||
  fail 'the worker was not requeued'
same

begin 'a comparison, one task killed and one cancelled'
long=("${compare[@]}" --epochs 40)
alone "${long[@]}"
submit "${long[@]}"
wait_until 60 has_checkpoint contrastive-seed1
kill -KILL "$(process .contrastive-seed1)"
wait_until 60 has_checkpoint contrastive-seed2
scancel "${job}_1"
wait_until 240 ended "$collector"
collected 1
grep -q 'error: 2 of 4 runs are not finished' "$log/collect-$collector.out" || fail 'the two are not told'
grep -q 'contrastive seed 1: begun' "$log/collect-$collector.out" || fail 'the killed one is not told'
grep -q "log .*/${job}_1.out ends: " "$log/collect-$collector.out" || fail 'the logs are not named'
first=$job
by_slurm "${long[@]}"
[ "$(field array <<<"$told")" = 0-1 ] || fail 'others than the two were submitted again'
grep -q 'goes on ' "$log/${job}_0.out" || fail 'what was killed did not go on from its checkpoint'
grep -q 'goes on ' "$log/${job}_1.out" || fail 'what was cancelled did not go on from its checkpoint'
[ "$job" != "$first" ] || fail 'it was not a new job'
same

begin 'a run that takes longer than a task may'
one=(compare --config small.toml --losses contrastive --seeds 1)
start=$(date +%s%N)
alone "${one[@]}" --epochs 30
# Slurm tells a task of its end up to 30 seconds too early, here after 5 to 35 of its 60.
epochs=$((30 * 60 * 1000 / (($(date +%s%N) - start) / 1000000)))
# Where the machine was busy while that was measured, it is too short.
for epochs in "$epochs" $((2 * epochs)); do
  begin "    $epochs epochs, a minute a task"
  submit "${one[@]}" --epochs "$epochs" --time 1 --grace 25
  wait_until 900 ended "$collector"
  collected 0
  if grep -q 'goes on from its checkpoint when Slurm begins it again' "$log/${job}_0.out"; then break; fi
done
grep -q 'goes on from its checkpoint when Slurm begins it again' "$log/${job}_0.out" ||
  fail 'the task was not requeued'
grep -q 'contrastive seed 1: goes on ' "$log/${job}_0.out" || fail 'it did not go on'
alone "${one[@]}" --epochs "$epochs"
same
echo 'slurm: all as it should be' >&2
