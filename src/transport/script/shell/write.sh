# c_write PATH CODEC SIZE SHA256 MODE OWNER GROUP BACKUP CHECK: writes what is in c_content, or in base64 on its input,
# beside the target, and renames it over the target. CHECK is yes when c_start is to accept the new content first.
c_write() {
	c_path=$1 c_codec=$2 c_size=$3 c_sum=$4 c_mode=$5 c_owner=$6 c_group=$7 c_backup=$8 c_check=$9
	c_follow "$1" || return 1
	if [ -d "$c_path" ]; then
		c_fail "$c_path is a directory"
		return 1
	fi
	c_parent=${c_path%/*}/
	if [ ! -d "$c_parent" ]; then
		c_fail "the directory $c_parent is not there"
		return 1
	fi
	c_there=no
	if [ -e "$c_path" ]; then
		c_there=yes
		if [ -z "$c_mode" ] || [ -z "$c_owner" ] || [ -z "$c_group" ]; then
			c_do "cannot look at $c_path" stat -c '%a %u %g' "$c_path" || return 1
			c_mode=${c_mode:-0000${c_said%% *}}
			c_said=${c_said#* }
			c_owner=${c_owner:-${c_said% *}}
			c_group=${c_group:-${c_said#* }}
		fi
	fi
	if [ -z "$c_prepared" ] || ! c_is_prepared "$1"; then
		c_write_beside || return 1
	fi
	if [ -n "$c_backup" ] && [ "$c_there" = yes ]; then
		c_do "cannot keep the old $c_path" cp -p "$c_path" "$c_new-old" || return 1
		c_flush "$c_new-old" || {
			c_write_failed
			return 1
		}
		c_do "cannot keep the old $c_path" mv -f "$c_new-old" "$c_backup" || return 1
	fi
	c_do "cannot replace $c_path" mv -f "$c_new" "$c_path" || return 1
	c_new=
	if [ "$c_there" = no ] && [ -e /sys/fs/selinux/enforce ] && c_have restorecon; then
		c_do "cannot set the SELinux context of $c_path" restorecon "$c_path" || return 1
	fi
	# Files that follow each other may stand in few directories.
	c_settling=c_flush_names
	c_place=$c_parent
	c_waits=yes
}

c_flush_names() {
	c_flush "$@" && return 0
	c_said="what was put into $1 may not be on the disk: $c_said"
	return 1
}

# c_new, on the disk as it will be.
c_write_beside() {
	c_beside "$c_parent" files
	c_new=$c_free-$c_number
	if [ "$c_codec" = base64 ]; then
		c_said=$( { set -C && base64 -d >"$c_new"; } 2>&1 3>&-)
	else
		c_said=
		c_put "$c_new" "$c_content"
	fi || {
		c_write_failed
		return 1
	}
	c_write_verified || return 1
	c_attributes "$c_new" "${c_mode:-0644}" "$c_owner" "$c_group" || return 1
	# A host under SELinux: the new file takes over the context of the old one.
	if [ "$c_there" = yes ] && [ -e /sys/fs/selinux/enforce ] && c_have chcon; then
		c_do "cannot keep the SELinux context of $c_path" chcon --reference "$c_path" "$c_new" || return 1
	fi
	if [ "$c_check" = yes ]; then
		c_write_accepted || return 1
	fi
	c_flush "$c_new" || {
		c_write_failed
		return 1
	}
}

c_write_failed() {
	case $c_said in
	*'I/O error'* | *'not written whole'* | '')
		# The shell and programs of busybox may keep the reason to themselves.
		c_reason=$c_said
		c_ask_why "$c_new"
		c_said=${c_said:-$c_reason}
		;;
	esac
	case $c_said in
	*'No space left'*) c_fail "disk full: cannot write $c_path: $c_said" ;;
	*'uota exceeded'*) c_fail "disk quota used up: cannot write $c_path: $c_said" ;;
	*'ead-only file system'*) c_fail "read-only file system: cannot write $c_path: $c_said" ;;
	*base64*'not found'*) c_fail "the host has no base64 program, which writing $c_path needs because its content is not text" ;;
	*) c_fail "cannot write $c_path: $c_said" ;;
	esac
}

# What was written is what was sent. Of a text the shell has said so.
c_write_verified() {
	[ "$c_codec" = base64 ] || return 0
	if c_have sha256sum; then
		c_said=$(sha256sum <"$c_new" 2>/dev/null)
		[ "${c_said%% *}" != "$c_sum" ] || return 0
	else
		c_said=$(wc -c <"$c_new" 2>/dev/null)
		[ "$((c_said))" -ne "$c_size" ] || return 0
	fi
	c_said="it was not written whole, which are $c_size bytes"
	c_write_failed
}

# A program of the user's looks at the new content, which has its final owner and mode.
c_write_accepted() {
	if ! c_ready || ! c_no_input; then
		return 1
	fi
	# A trial may go on as the account of a service, in a directory inside.
	c_do "cannot open $c_dir" chmod 0711 "$c_dir" || return 1
	c_run 120
	if [ "$c_code" -ne 0 ]; then
		c_ran=yes
		if [ "$c_late" = yes ]; then
			c_fail "the validation of the new $c_path ran out of time; the file is unchanged"
		else
			c_fail "the validation of the new $c_path failed with code $c_code; the file is unchanged"
		fi
	fi
}

# The path behind a link: the file it leads to is replaced, not the link. That file need not be there yet, which
# not every readlink -f can follow.
c_follow() {
	c_hops=0
	while [ -L "$c_path" ]; do
		c_hops=$((c_hops + 1))
		if [ "$c_hops" -gt 40 ]; then
			c_fail "$1 is a link that leads in a circle"
			return 1
		fi
		c_said=$(readlink "$c_path" && echo .) || {
			c_fail "cannot read the link $c_path"
			return 1
		}
		c_said=${c_said%??}
		case $c_said in
		/*) c_path=$c_said ;;
		*) c_path=${c_path%/*}/$c_said ;;
		esac
	done
}
