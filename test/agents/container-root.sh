#!/usr/bin/env bash
# container-root.sh ROOT [-v SOURCE PATH | -r SOURCE PATH | -u USER GROUP | -w FOLDER]... -- COMMAND...
# Runs COMMAND in a root directory of its own: this machine's, read-only, with SOURCE (a folder or a file) at PATH, writable (-v) or not (-r), and
# an empty /tmp, as USER and in FOLDER where these are given. ROOT is an empty folder. Nothing of the machine is written. To be started in a mount namespace of its own: it mounts and never
# unmounts. A kernel with overlayfs would make this two lines; not every one has it.
set -euo pipefail

root=$1 sources=() paths=() modes=() user=() workdir=/
shift
while [ "$1" != -- ]; do
  if [ "$1" = -u ]; then user=(--userspec="$2:$3" --groups=) && shift 3 && continue; fi
  if [ "$1" = -w ]; then workdir=$2 && shift 2 && continue; fi
  modes+=("$1") sources+=("$2")
  # As a container's runtime does, a path is followed through the links of the root: /var/run/x lies in /run.
  paths+=("$(realpath -m "$3")")
  shift 3
done
shift

# The folders that must be our own, because something is put into them that the machine does not have: / and each one above a PATH.
own=$'/\n'
for path in "${paths[@]}" /tmp/x; do
  while path=$(dirname "$path"); [ "$path" != / ]; do own+="$path"$'\n'; done
done
is_own() { grep -qxF -- "$1" <<<"$own"; }
is_given() { local path; for path in "${paths[@]}"; do [ "$path" = "$1" ] && return; done; return 1; }

# What is mounted keeps its own flags: in a user namespace the kernel lets nobody drop nosuid and the like.
read_only() { # PATH
  local flags
  flags=$(awk -v at="$1" '$5 == at { print $6 }' /proc/self/mountinfo | tail -1)
  mount -o "remount,bind,$(sed 's/^rw/ro/' <<<"$flags")" "$1"
}

put() { # SOURCE PATH: binds it below ROOT
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")" && touch "$root$2"; fi
  mount --rbind "$1" "$root$2"
}

mount --make-rprivate /
mount -t tmpfs container-root "$root"
while read -r folder; do
  mkdir -p "$root$folder"
  # What the machine has in /tmp is nobody's business.
  [ -d "$folder" ] && [ "$folder" != /tmp ] || continue
  for entry in "${folder%/}"/* "${folder%/}"/.[!.]*; do
    if is_own "$entry" || is_given "$entry"; then continue; fi
    if [ -L "$entry" ]; then
      cp -P "$entry" "$root$entry"
    elif [ -e "$entry" ]; then
      put "$entry" "$entry"
      case $entry in /proc | /dev | /sys | /run) ;; *) read_only "$root$entry" ;; esac
    fi
  done
done < <(grep . <<<"$own" | sort -u)
chmod 1777 "$root/tmp"
# In a process namespace of its own, as a container has it, /proc must be of that one. Where a kernel forbids it, the machine's stays.
mount -t proc proc "$root/proc" 2>/dev/null || true

for at in "${!paths[@]}"; do
  put "${sources[at]}" "${paths[at]}"
  if [ "${modes[at]}" = -r ]; then read_only "$root${paths[at]}"; fi
done

# Not by exec: who changes his user is no longer told of his parent's death (prctl PR_SET_PDEATHSIG), and would live on. This one is told, and all of
# the process namespace ends with it.
chroot "${user[@]}" "$root" env -C "$workdir" "$@"
