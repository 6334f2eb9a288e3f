#!/usr/bin/env bash
# A sweep of 40 tasks on a Slurm of this one host: some tasks are killed, one is cancelled, the node daemon is restarted, some run out of
# time. It must end with the same table, byte for byte, as `sweep run --all --jobs 2`.
# Usage: tests/slurm.sh [PROGRAM]. Skips with a word where Slurm is not installed (Debian: apt-get install slurm-wlm).
# SWEEP_EXPERIMENT names another sweep of 40 tasks, the first five of which last 15 seconds or more.
set -euo pipefail
program=$(realpath "${1:-target/debug/weightscope}")
for tool in slurmctld slurmd sbatch squeue scontrol scancel munged python3; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not installed"; exit 0; }
done
work=$(mktemp -d)
started=()
# Only what was started here is ended.
finish() {
  local code=$?
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  [ "$code" = 0 ] || { tail -n 20 "$work"/*.log; ls "$work"; echo "kept: $work"; }
  wait
  [ "$code" != 0 ] || rm -rf "$work"
}
trap finish EXIT

echo "== a Slurm of one host in $work"
host=$(hostname -s) user=$(id -un)
export SLURM_CONF=$work/slurm.conf
mkdir -p "$work/state" "$work/spool"
head -c 1024 /dev/urandom >"$work/munge.key"
chmod 400 "$work/munge.key"
munged --force --foreground --key-file="$work/munge.key" --socket="$work/munge.sock" --pid-file="$work/munge.pid" \
  --log-file="$work/munge.log" --seed-file="$work/munge.seed" >/dev/null 2>&1 &
started+=($!)
cat >"$SLURM_CONF" <<CONF
ClusterName=sweeps
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$((20000 + RANDOM % 10000))
SlurmdPort=$((30000 + RANDOM % 10000))
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$work/munge.sock
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=short Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
slurmctld -D >/dev/null 2>&1 &
started+=($!)
node() {
  slurmd -D -N "$host" >/dev/null 2>&1 &
  slurmd=$!
  started+=("$slurmd")
}
node
for _ in $(seq 100); do
  [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break
  sleep 0.3
done
sinfo || true
[ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] || { echo "skipped: Slurm is installed, and no node of it starts here"; exit 0; }

cd "$work"
if [ -n "${SWEEP_EXPERIMENT:-}" ]; then
  cp "$SWEEP_EXPERIMENT" sweep.toml
else
  cat >sweep.toml <<'TOML'
schema = 1
lab = "oscillation"
network = "mlp"
quantizer = "lsq"
weight_bits = 2
activation_bits = 0
float_epochs = 2
epochs = 6
window = 40
traced_weights = 4

[sweep]
seeds = [0, 1, 2, 3, 4]
epochs = [1500, 6, 7, 8, 9, 10, 11, 12]
TOML
fi

echo "== on this machine"
"$program" sweep plan sweep.toml --out here >/dev/null
"$program" sweep run here --all --jobs 2 --quiet | tail -n 1

echo "== on Slurm"
# Slurm may send the signal up to a minute before it is due, so that some tasks are told to save after ten seconds.
submit=$("$program" sweep plan sweep.toml --out there --partition short --time 0:02:00 --signal 50)
echo "$submit"
eval "${submit/sbatch /sbatch --parsable }" >job
job=$(cat job)

# How a task stands, and its process.
stands() { "$program" sweep status there --json 2>/dev/null | python3 -c '
import json, sys
task = [json.loads(line) for line in sys.stdin][int(sys.argv[1])]
print(task["status"], task.get("pid", ""), task.get("reason", ""), sep="|")' "$1"; }
# A job that is queued again waits for two minutes by itself.
hurry() {
  squeue --noheader --array --states=PENDING --format='%i %r' | while read -r id why; do
    [ "$why" != BeginTime ] || scontrol update JobId="$id" StartTime=now || true
  done
}
# Waits until a task stands so.
until_it_is() {
  for _ in $(seq 600); do
    IFS='|' read -r status pid reason < <(stands "$1")
    [ "$status" != "$2" ] || return 0
    hurry
    sleep 0.2
  done
  echo "task $1 was never $2 but is $status ($reason)"; return 1
}
until_it_is 0 running
sleep 1
echo "task 0: kill its process"
kill -KILL "$pid"
until_it_is 0 preempted
until_it_is 1 running
sleep 1
echo "task 1: cancel its job"
scancel "${job}_1"
until_it_is 1 cancelled
until_it_is 3 running
echo "restart the node daemon while task 3 is in work"
kill "$slurmd"
wait "$slurmd" || true
sleep 2
node
until_it_is 3 running
for time in 1 2 3 4; do
  until_it_is 2 running
  sleep 1
  echo "task 2: its time is up, for the ${time}. time"
  # It reports trouble where the job is queued again in the meantime.
  timeout 3 scancel --quiet --signal=USR1 --batch "${job}_2" 2>/dev/null || true
  for _ in $(seq 100); do
    IFS='|' read -r status pid reason < <(stands 2)
    [ "$status" = running ] || break
    sleep 0.1
  done
  echo "  $status: $reason"
  [ "$status" != out_of_time ] || break
done
[ "$status" = out_of_time ]
quiet() {
  for _ in $(seq 1200); do
    [ -n "$(squeue --noheader)" ] || return 0
    hurry
    sleep 0.5
  done
  echo "jobs are still queued"; squeue; return 1
}
quiet
"$program" sweep status there | sed -n 1,6p
echo "queued again before their time was up: $(cat there/logs/*.txt | grep -c 'is queued again' || true)"

echo "== what is left, with more time"
for _ in 1 2 3; do
  again=$("$program" sweep retry there)
  [ -n "$again" ] || break
  echo "$again"
  eval "${again/sbatch /sbatch --parsable --time=10:00 }" >/dev/null
  quiet
done
"$program" sweep status there | head -n 1
cmp here/results.csv there/results.csv
echo "== the same table, byte for byte: $(wc -l <there/results.csv) lines"
