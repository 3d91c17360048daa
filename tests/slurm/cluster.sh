#!/usr/bin/env bash
# A temporary Slurm on this machine, for tests: `cluster.sh start FOLDER`, `cluster.sh stop FOLDER`.
#
# Controller, one node and munge run as root with all files in FOLDER and their own ports and key, so an
# existing Slurm is not affected; nothing is installed. Slurm's programs find it with
# SLURM_CONF=FOLDER/slurm.conf.
set -euo pipefail

fail() {
  echo "cluster.sh: $*" >&2
  exit 1
}

configure() {
  local host
  host=$(hostname -s)
  cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued task starts again when its credential has expired.
AuthInfo=socket=$folder/munge.socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

start() {
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null ||
      fail "$program is missing: install Slurm and munge, on Debian by apt-get install slurm-wlm munge"
  done
  [ "$(id -u)" = 0 ] || fail 'starting Slurm needs root'
  mkdir -p "$folder/state" "$folder/spool"
  configure
  (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
  munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
    --seed-file="$folder/munged.seed" 2>>"$folder/start.log"
  munge --socket="$folder/munge.socket" --no-input | unmunge --socket="$folder/munge.socket" >/dev/null
  export SLURM_CONF=$folder/slurm.conf
  slurmctld 2>>"$folder/start.log"
  slurmd 2>>"$folder/start.log"
  for _ in $(seq 60); do
    case $(sinfo --noheader --format=%T 2>/dev/null) in idle) return ;; esac
    sleep 1
  done
  tail -n 20 "$folder"/*.log >&2
  fail 'the node did not become idle within a minute'
}

# Stops each daemon by the process id in its own file, the node first.
stop() {
  local name pid
  for name in slurmd slurmctld munged; do
    [ -s "$folder/$name.pid" ] || continue
    pid=$(cat "$folder/$name.pid")
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
}

[ $# = 2 ] || fail 'usage: cluster.sh start FOLDER or cluster.sh stop FOLDER'
folder=$(realpath "$2")
case $1 in
  start) start ;;
  stop) stop ;;
  *) fail "$1 is neither start nor stop" ;;
esac
