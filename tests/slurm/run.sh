#!/usr/bin/env bash
# Comparisons, sweeps and searches by a real Slurm, with and without faults: `run.sh DML`.
#
# Each runs locally and by Slurm, in two folders, and has to write the same bytes in both. Files that
# contain times are not compared.
set -euo pipefail

dml=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
sample=$here/../../data/fashion-mnist_sample.csv.gz
scratch=$(mktemp -d /tmp/dml-slurm.XXXXXX)
export SLURM_CONF=$scratch/cluster/slurm.conf
mkdir -p "$scratch/cluster" "$scratch/local" "$scratch/it's a \"cluster\", 100%j"
local=$scratch/local
cluster=$scratch/it\'s\ a\ \"cluster\",\ 100%j

end() {
  code=$?
  # Running tasks would write into a removed folder.
  scancel --user="$(id -un)" 2>/dev/null || true
  "$here/cluster.sh" stop "$scratch/cluster"
  if [ "$code" = 0 ]; then rm -rf "$scratch"; else echo "slurm: FAILED, all files are kept in $scratch" >&2; fi
}
trap end EXIT

fail() {
  echo "slurm: $*" >&2
  exit 1
}

# Waits until a command succeeds. The limit is far more than a slow machine needs.
wait_until() {
  for _ in $(seq 6000); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.2
  done
  squeue >&2
  fail "still failing after 20 minutes: $*"
}

requeue_message='requeued, will resume from its checkpoint'

# Whether a job has ended; no if squeue fails.
ended() {
  local left
  left=$(squeue --noheader --jobs="$1") && [ -z "$left" ]
}

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# Submits a command in the cluster's folder; sets `submission`, dml's JSON, and what it names.
submit() {
  submission=$(cd "$cluster" && "$dml" --quiet "$@" --executor slurm --json)
  job=$(field job <<<"$submission")
  collector=$(field collector <<<"$submission")
  log=$cluster/$(field logs <<<"$submission")
}

# Submits a command and waits for its collecting job, which has to succeed.
by_slurm() {
  submit "$@"
  wait_until ended "$collector"
  collected 0
}

# Asserts the exit code of the last collecting job.
collected() {
  scontrol show job "$collector" | grep -q "ExitCode=$1:0" || {
    cat "$log"/* >&2
    fail "the collecting job $collector did not end with code $1"
  }
}

# Asserts that both folders have the same files. sweep.json contains the command, which differs; the metrics of a sweep
# are also in table.csv and runs.csv.
same() {
  diff --recursive --brief --exclude='slurm-*' --exclude='checkpoint*' --exclude=history.csv \
    --exclude=times.json --exclude='compare-*' --exclude=trial.json --exclude=search.json \
    --exclude=report.html --exclude=sweep.json \
    "$local/runs" "$cluster/runs" || fail 'the bytes differ'
  for table in "$local"/runs/compare-*/standings.csv; do
    [ ! -e "$table" ] || cmp "$table" "$cluster${table#"$local"}" || fail 'the standings differ'
  done
}

# Starts a test from empty folders.
begin() {
  rm -rf "$local/runs" "$cluster/runs"
  echo "slurm: $*" >&2
}

locally() { (cd "$local" && "$dml" --quiet "$@" >/dev/null); }

# The process that works on a run, by the process id in the run's lock.
process() { cat "$cluster"/runs/$1*.lock | grep .; }

has_checkpoint() { ls "$cluster/runs/$1"*/checkpoint.safetensors >/dev/null; }

"$here/cluster.sh" start "$scratch/cluster"
for folder in "$local" "$cluster"; do
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
locally "${compare[@]}"
by_slurm "${compare[@]}" --jobs 2 --mem 500M --sbatch=--comment='two words'
same
[ "$(cd "$cluster" && "$dml" -q "${compare[@]}" --executor slurm --json | field tasks)" = 0 ] ||
  fail 'finished runs were submitted again'

begin 'a sweep in which one learning rate diverges'
sweep=(sweep --config small.toml --losses contrastive --seeds '1,2' --set 'train.learning_rate=1e-3,1e30')
locally "${sweep[@]}"
by_slurm "${sweep[@]}"
same

begin 'a search with one worker killed and another signalled that its time is over'
tune=(tune --config small.toml --loss contrastive --trials 8 --epochs 12)
locally "${tune[@]}"
submit "${tune[@]}"
wait_until process 'tune-contrastive-*/.trial-001' >/dev/null
kill -KILL "$(process 'tune-contrastive-*/.trial-001')"
# Two workers run at a time, so the third starts in its place.
wait_until grep -q engine "$log/${job}_2.out"
sleep 1
scancel --batch --signal=TERM "${job}_2"
wait_until ended "$collector"
collected 0
grep -q "$requeue_message" "$log/${job}_2.out" ||
  fail 'the worker was not requeued'
same

begin 'a comparison, one task killed and one cancelled'
long=("${compare[@]}" --epochs 40)
locally "${long[@]}"
submit "${long[@]}"
wait_until has_checkpoint contrastive-seed1
kill -KILL "$(process .contrastive-seed1)"
wait_until has_checkpoint contrastive-seed2
scancel "${job}_1"
wait_until ended "$collector"
collected 1
grep -q 'error: 2 of 4 runs are not finished' "$log/collect-$collector.out" || fail 'the two unfinished runs are not reported'
grep -q 'contrastive seed 1: started' "$log/collect-$collector.out" || fail 'the killed run is not reported'
grep -q "log .*/${job}_1.out ends: " "$log/collect-$collector.out" || fail 'the logs are not named'
first=$job
by_slurm "${long[@]}"
[ "$(field array <<<"$submission")" = 0-1 ] || fail 'not exactly the two unfinished runs were submitted again'
grep -q 'resuming ' "$log/${job}_0.out" || fail 'the killed run did not resume'
grep -q 'resuming ' "$log/${job}_1.out" || fail 'the cancelled run did not resume'
[ "$job" != "$first" ] || fail 'no new job was submitted'
same

begin 'a run longer than the time limit of its task'
one=(compare --config small.toml --losses contrastive --seeds 1)
start=$(date +%s%N)
locally "${one[@]}" --epochs 30
milliseconds=$((($(date +%s%N) - start) / 1000000))
# A run of 90 s. Slurm signals its first task after 25 to 55 s: 5 s before the limit of 60 s, and up to 30 s early.
epochs=$((30 * 90000 / milliseconds + 1))
requeued() { grep -q "$requeue_message" "$log/${job}_0.out"; }
requeued_or_ended() { requeued || ended "$collector"; }
# If the machine was busy while that was measured, the run may be too short: try longer ones.
for _ in 1 2 3 4; do
  begin "    $epochs epochs, one minute per task"
  submit "${one[@]}" --epochs "$epochs" --time 1 --grace 5
  wait_until requeued_or_ended
  if requeued; then break; fi
  collected 0
  epochs=$((2 * epochs))
done
requeued || fail 'the task was not requeued'
# Only the first task has to be cut short; the second gets all the time it needs.
scontrol update JobId="${job}_0" TimeLimit=60
wait_until ended "$collector"
collected 0
grep -q 'contrastive seed 1: resuming ' "$log/${job}_0.out" || fail 'the run did not resume'
locally "${one[@]}" --epochs "$epochs"
same
echo 'slurm: all tests passed' >&2
