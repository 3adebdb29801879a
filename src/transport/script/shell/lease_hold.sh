# A file passes from one state to the next through a marker that only one can make and that is named for the state
# before: of two scripts that saw the same state, one goes on. Each state has a token of its own.
c_turns=0
# How often it is tried to come by the marker. Many may try at once where one machine stands under many names.
c_tries=50
c_patience=40
c_covered=no
c_shell=''
c_users=''
# Until when the lease holds that the script has open, in seconds since the boot; empty: none is open.
c_open_until=''

# c_lease_say WORD: tells the controller, with the words that were read last.
c_lease_say() {
	c_mark lease "$1"
	printf 'folder %s\n' "${c_lease_file%/*}" >&3
	c_lease_print >&3
}

# c_lease_fail WORDS: the lease cannot be kept here.
c_lease_fail() {
	c_mark lease impossible
	printf '%s' "$1" >&3
	return 1
}

# c_lease_place FILE: finds the folder, and makes it.
c_lease_place() {
	if [ -z "${c_folder:-}" ]; then
		c_find_uid
		c_lease_folder "$c_uid"
	fi
	c_lease_file=$c_folder/$1
}

# The folder exists and is this account's, so that nobody can have planted what is in it. Otherwise c_error says why.
c_lease_room() {
	if [ "$c_folder" != "$c_root_folder" ] && [ ! -d "${HOME:-}" ]; then
		c_error="the account has no home directory, which would hold its lease"
		return 1
	fi
	if [ ! -d "$c_folder" ]; then
		umask 022
		c_said=$(mkdir -p "$c_folder" 2>&1)
		umask 077
		[ -d "$c_folder" ] || {
			c_error="cannot make the directory $c_folder: $c_said"
			return 1
		}
	fi
	if [ ! -O "$c_folder" ] || [ -L "$c_folder" ]; then
		c_error="$c_folder is not a directory of this account's own"
		return 1
	fi
}

# c_lease_claim TOKEN: makes the marker behind the state with this token (`none`: there is no file), and sees that this
# is still the state. Otherwise c_error says why it cannot be made, or is empty: somebody else was faster.
c_lease_claim() {
	c_error=''
	c_marker=$c_lease_file-after-$1
	c_lease_room || return 1
	umask 022
	c_put "$c_marker" ''
	umask 077
	if [ "$c_is_put" -ne 0 ]; then
		if [ -e "$c_marker" ]; then
			c_lease_stale
		elif [ "$c_try" -gt "$c_patience" ]; then
			# Not somebody else, whose marker has just gone.
			c_error="cannot write in $c_folder"
		fi
		return 1
	fi
	c_new=$c_marker
	c_is=none
	c_lease_read "$c_lease_file" && c_is=$c_h_token
	[ "$c_is" = "$1" ] || {
		c_lease_unclaim
		return 1
	}
	# While this is the state, those behind earlier ones are of no use to anybody: they come from accidents. A state without
	# a file can come again.
	for c_earlier in "$c_lease_file"-after-*; do
		case $c_earlier in
		"$c_marker" | *-after-none) ;;
		*) [ ! -e "$c_earlier" ] || rm -f "$c_earlier" ;;
		esac
	done
}

c_lease_unclaim() {
	rm -f "$c_marker"
	c_new=''
}

# A marker is there for a moment only. One whose script has ended was left by an accident.
c_lease_stale() {
	c_waits=0
	while [ "$c_waits" -lt 10 ]; do
		# Not every sleep knows parts of a second.
		sleep 0.1 2>/dev/null || {
			sleep 1
			break
		}
		[ -e "$c_marker" ] || return 0
		c_waits=$((c_waits + 1))
	done
	if c_lease_read "$c_marker" && [ "$c_h_busy" = no ]; then
		rm -f "$c_marker"
	fi
}

# c_lease_turn TOKEN: from the state with this token to one of ours. Its code and c_error are those of c_lease_claim.
c_lease_turn() {
	c_lease_claim "$1" || return 1
	c_turns=$((c_turns + 1))
	c_token=$c_tag-$c_turns
	c_lease_clock
	if [ -z "$c_shell" ]; then
		# Not the shell itself: it serves other scripts when this one has ended.
		c_find_born self
		c_own_shell="${c_line%% *} $c_born_at"
		c_shell=$c_own_shell
	fi
	c_until=never
	[ "$c_term" -eq 0 ] || c_until=$((c_up + c_term))
	{
		printf 'run %s\nfor %s\nby %s\nwhat %s\nsince %s\nterm %s\nboot %s\nuntil %s\nshell %s\ntoken %s\n' "$c_run" "$c_users" "$c_by" \
			"$c_what" "$c_since" "$c_term" "$c_boot" "$c_until" "$c_shell" "$c_token" >"$c_marker"
	} 2>/dev/null || {
		c_ask_why "$c_marker"
		c_lease_unclaim
		c_error="cannot write in $c_folder: $c_said"
		return 1
	}
	mv -f "$c_marker" "$c_lease_file" 2>/dev/null
	c_new=''
	c_lease_read "$c_lease_file" && [ "$c_h_token" = "$c_token" ]
}

# Whether what was read keeps others out. c_over: the runs that are known to have died.
c_lease_holds() {
	[ "$c_h_busy" = no ] || return 0
	[ "$c_h_left" != 0 ] || return 1
	[ -n "$c_h_run" ] || return 0
	case $c_over in
	*" $c_h_run "*) return 1 ;;
	esac
}

# Fails, and tells who set it, where a person keeps runs away.
c_lease_unlocked() {
	c_over=' '
	for c_place in "$c_root_folder" "$c_folder"; do
		if c_lease_read "$c_place/lock" && c_lease_holds; then
			c_lease_say locked
			return 1
		fi
	done
}

# c_lease_with NAMES: c_users, the names with our own; c_lease_without: without it. One machine can stand under several
# names in an inventory: a run gives it back when it has come to its end under all of them.
c_lease_with() {
	c_lease_without "$1"
	c_users="${c_users:+$c_users }$c_name"
}

c_lease_without() {
	c_users=''
	for c_user in $1; do
		[ "$c_user" = "$c_name" ] || c_users="${c_users:+$c_users }$c_user"
	done
}

# c_lease_begin MODE NAME RUN BY WHAT TERM DEAD-RUN...: takes the lease, or renews it. Fails where nothing may be done. MODE:
# - join: it may be nobody's or ours;
# - keep: it is ours for certain, and lost where it is not;
# - renew: as keep, beside the script that is at work;
# - guest: another account of this host holds it for this run. Of that, only root's can be seen.
c_lease_begin() {
	c_mode=$1
	c_name=$2
	c_run=$3
	c_by=$4
	c_what=$5
	c_term=$6
	shift 6
	c_over=" $* "
	c_lease_place lease
	if [ "$c_folder" != "$c_root_folder" ] || [ "$c_mode" = guest ]; then
		c_lease_file=$c_root_folder/lease
		if c_lease_read "$c_lease_file"; then
			if [ "$c_h_run" = "$c_run" ]; then
				c_covered=yes
				c_lease_say held
				return 0
			fi
			if c_lease_holds; then
				c_lease_say refused
				return 1
			fi
		fi
		if [ "$c_mode" = guest ]; then
			c_covered=elsewhere
			return 0
		fi
		c_lease_place lease
	fi
	c_try=0
	while [ "$c_try" -lt "$c_tries" ]; do
		c_try=$((c_try + 1))
		c_since=''
		c_from=none
		c_users=$c_name
		if c_lease_read "$c_lease_file"; then
			c_from=$c_h_token
			c_over=" $* "
			if [ "$c_h_run" = "$c_run" ]; then
				c_since=$c_h_since
				c_lease_with "$c_h_for"
				[ "$c_mode" != renew ] || c_shell=$c_h_shell
			elif [ "$c_mode" != join ]; then
				c_lease_say lost
				return 1
			elif c_lease_holds; then
				c_lease_say refused
				return 1
			fi
		elif [ "$c_mode" != join ]; then
			c_lease_say lost
			return 1
		fi
		if [ -z "$c_since" ]; then
			c_lease_unlocked || return 1
			c_ask_date
			c_since=$c_date
		fi
		if c_lease_turn "$c_from"; then
			c_lease_say held
			return 0
		fi
		if [ -n "$c_error" ]; then
			c_lease_fail "$c_error"
			return 1
		fi
	done
	c_lease_fail "others take the lease of this host at the same moment"
}

# Keeps open the file that says that the lease is ours. A file that says anything else is another one, however soon it comes,
# so that each further look is one comparison.
c_lease_open() {
	c_open_until=''
	# Without `command`, a shell ends where exec fails.
	{ command exec 7<"$c_lease_file"; } 2>/dev/null || return 0
	if c_lease_read /proc/self/fd/7 && [ "$c_h_run" = "$c_run" ] && [ "$c_boot" != clock ]; then
		c_open_until=$c_h_until
	fi
}

# Whether that file is still there, and not due. c_now is the time at which the step began.
c_lease_is_open() {
	[ -n "$c_open_until" ] && [ /proc/self/fd/7 -ef "$c_lease_file" ] || return 1
	[ "$c_covered" = no ] && [ "$c_open_until" != never ] || return 0
	[ "$((c_open_until - ${c_now%%.*}))" -gt "$((c_term * 2 / 3))" ]
}

# Before each step: it is still ours, and has time left.
c_lease_keep() {
	[ "$c_covered" != elsewhere ] || return 0
	! c_lease_is_open || return 0
	c_lease_keep_anew || return 1
	c_lease_open
}

c_lease_keep_anew() {
	c_try=0
	if c_lease_read "$c_lease_file" && [ "$c_h_run" = "$c_run" ]; then
		[ "$c_covered" = no ] || return 0
		[ "$c_h_left" -le "$((c_term * 2 / 3))" ] || return 0
		c_users=$c_h_for
		c_lease_turn "$c_h_token" && return 0
		# Somebody of this run may have renewed it in the same moment.
		c_lease_read "$c_lease_file" && [ "$c_h_run" = "$c_run" ] && [ "$c_h_left" -gt 0 ] && return 0
	fi
	c_lease_say lost
	c_status=guard
	c_error="the lease of this host is no longer this run's"
	return 1
}

# Gives it back, and takes the folder away where nothing else is in it.
c_lease_give() {
	[ "$c_covered" = no ] || return 0
	c_try=0
	while [ "$c_try" -lt "$c_tries" ]; do
		c_try=$((c_try + 1))
		if ! c_lease_read "$c_lease_file" || [ "$c_h_run" != "$c_run" ]; then
			return 0
		fi
		c_lease_without "$c_h_for"
		if [ -n "$c_users" ]; then
			c_by=$c_h_by
			c_what=$c_h_what
			c_since=$c_h_since
			c_term=$c_h_term
			c_shell=$c_h_shell
			c_lease_turn "$c_h_token" || continue
		else
			c_lease_claim "$c_h_token" || continue
			rm -f "$c_lease_file" "$c_marker"
			c_new=''
			c_remove_empty "$c_folder"
		fi
		c_lease_say given
		return 0
	done
	:
}

# c_lease_give_back NAME RUN: the same where nothing else is left to do.
c_lease_give_back() {
	c_name=$1
	c_run=$2
	c_lease_place lease
	c_lease_give
}
