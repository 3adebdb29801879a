
	# --- mounts: the root, disks, network file systems, control groups ---
	mounts=$(grep -E -e '^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ / ' -e ' - cgroup2? ' -e ' - [^ ]+ /' -e ' - [^ ]+ [^ ]+:' \
		-e ' - (zfs|btrfs|bcachefs|9p|virtiofs|ceph|glusterfs|lustre|gpfs|fuse|fuse[.][^ ]*) ' /proc/self/mountinfo)
	put mounts "$mounts"

	memory_root= memory_point= cpu_root= cpu_point= unified_root= unified_point=
	far=
	count=0
	set --
	while read -r id parent device root point options rest; do
		tail=${rest#*- }
		type=${tail%% *}
		case $type in
		cgroup2)
			[ -z "$unified_point" ] && unified_root=$root unified_point=$point
			continue
			;;
		cgroup)
			case ",${tail##* }," in *,memory,*) memory_root=$root memory_point=$point ;; esac
			case ",${tail##* }," in *,cpu,*) cpu_root=$root cpu_point=$point ;; esac
			continue
			;;
		squashfs | iso9660 | erofs) continue ;;
		esac
		# Nothing to ask where there is no path, one with octal numbers in it, or what a container was handed.
		case $point in '' | *\\* | /run/host/*) continue ;; esac
		case $type in
		nfs* | cifs | smb* | ceph | glusterfs | lustre | gpfs | fuse | fuse.* | 9p | afs | autofs | ncpfs | davfs)
			count=$((count + 1))
			[ "$count" -le 16 ] && far="$far$point$newline"
			;;
		*) [ "$#" -lt 64 ] && set -- "$@" "$point" ;;
		esac
	done <<-EOF
		$mounts
	EOF
	if [ "$#" -gt 0 ]; then
		sizes=$(limited 5 df -kP "$@")
		[ "$?" -ge 124 ] && miss mounts 'df did not answer within 5 seconds'
		put sizes "$sizes"
	fi
	# A file server that is gone can hold even a killed program, so nothing here waits for one to end: the reader
	# leaves when all have answered, or when the line of the clock arrives. It is a shell of its own, so that what
	# it leaves behind does not hold this one's input and output open.
	if [ -n "$far" ]; then
		IFS=$newline
		set -f
		set -- $far
		unset IFS
		set +f
		put sizes "$(sh -c '
			for point do
				{
					df -kP "$point" &
					asked=$!
					{ sleep 3; kill -9 "$asked"; } &
					wait "$asked"
					echo cachesmith-end
				} &
			done
			{ sleep 2; echo cachesmith-late; } &
		' sh "$@" | while read -r line; do
			case $line in
			cachesmith-end)
				shift
				[ "$#" = 0 ] && break
				;;
			cachesmith-late) break ;;
			*) printf '%s\n' "$line" ;;
			esac
		done)"
	fi
