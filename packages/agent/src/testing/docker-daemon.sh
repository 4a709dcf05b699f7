# Keeps one Docker daemon of a test, and leaves nothing of it behind, however the test ends.
#
# $1: its folder, of which everything's name begins with $1; $2: its bridge, of which the names of all its links begin with $2;
# $3: the bridge's address; $4: addresses for further networks;
# $5: how much its data may take, as mount(8) has it, or nothing. Commands come by lines of stdin, and its end is the order to
# clean up: `start`, `kill SIGNAL` (of the daemon alone). Answers go to stdout.
set -u
trap '' HUP INT TERM
root=$1 bridge=$2 address=$3 pool=$4 size=$5
daemon=

# containerd ends with the daemon that started it. Where nobody reaps what has ended, its pid would be taken for alive.
forget_ended_containerd() {
  file=$root/exec/containerd/containerd.pid
  [ -e "$file" ] || return 0
  for round in 1 2 3 4 5 6 7 8 9 10; do
    state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$(cat "$file")/status" 2>/dev/null)
    case $state in '' | Z | X) break ;; esac
    sleep 0.2
  done
  rm -f "$file" "$root/exec/containerd/"*.sock*
}

start() {
  forget_ended_containerd
  dockerd --host "unix://$root/docker.sock" --data-root "$root/data" --exec-root "$root/exec" \
    --pidfile "$root/docker.pid" --bridge "$bridge" --default-address-pool "base=$pool,size=26" \
    --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false --cgroup-parent "/$bridge" \
    --live-restore --max-download-attempts 1 </dev/null >>"$root/dockerd.log" 2>&1 &
  daemon=$!
  rounds=0
  until curl --silent --fail --unix-socket "$root/docker.sock" http://docker/_ping >/dev/null; do
    rounds=$((rounds + 1))
    if [ $rounds -gt 600 ] || ! kill -0 $daemon 2>/dev/null; then echo "failed"; return; fi
    sleep 0.1
  done
  echo "started $daemon"
}

end() {
  [ -z "$daemon" ] || kill "-$1" "$daemon" 2>/dev/null
  wait 2>/dev/null
  daemon=
  echo "ended"
}

# Processes whose command line names the folder: containerd, its shims, the proxies of ports.
ours() {
  for directory in /proc/[0-9]*; do
    pid=${directory#/proc/}
    [ "$pid" = $$ ] || ! tr '\0' ' ' 2>/dev/null <"$directory/cmdline" | grep -qF "$root/" || echo "$pid"
  done
}

clean_up() {
  for tasks in /sys/fs/cgroup/*/"$bridge"/*/cgroup.procs /sys/fs/cgroup/"$bridge"/*/cgroup.procs; do
    [ ! -e "$tasks" ] || xargs -r kill -KILL <"$tasks" 2>/dev/null
  done
  sleep 0.3
  end TERM >/dev/null
  for round in 1 2 3 4 5; do
    pids=$(ours)
    [ -n "$pids" ] || break
    kill -KILL $pids 2>/dev/null
    sleep 0.2
  done
  grep -F " $root/" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r mount; do umount -l "$mount"; done
  for link in /sys/class/net/"$bridge"*; do ip link del "${link##*/}" 2>/dev/null; done
  find /sys/fs/cgroup -depth -type d -path "*/$bridge*" -exec rmdir {} + 2>/dev/null
  rm -rf "$root"
}

[ -z "$size" ] || { mkdir "$root/data" && mount -t tmpfs -o "size=$size" "$bridge" "$root/data"; } || echo "failed"
ip link add "$bridge" type bridge && ip addr add "$address" dev "$bridge" && ip link set "$bridge" up || echo "failed"
while read -r command argument; do
  case $command in
    start) start ;;
    kill) end "$argument" ;;
  esac
done
clean_up
