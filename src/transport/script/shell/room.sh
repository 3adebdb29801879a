# A room is a directory for what programs write. All scripts that a shell serves share one: the shell that reads them chooses
# its path, which carries that shell's name, and takes it away when it ends. The first script that needs it makes it.

# In the shell that reads scripts, which keeps what it chose.
c_choose_room() {
	[ -z "${cachesmith_room+chosen}" ] || return 0
	cachesmith_room=''
	c_name_process $$
	cachesmith_machine=$c_machine
	[ -n "$c_self" ] || return 0
	for c_place in "${TMPDIR:-/tmp}" /tmp /var/tmp /dev/shm /run; do
		if [ -d "$c_place" ] && [ -w "$c_place" ]; then
			cachesmith_room=$c_place/.cachesmith-${c_self}room
			trap c_leave_room EXIT
			return
		fi
	done
}

# The last that the shell does.
c_leave_room() {
	! c_is_room || exec rm -rf "$cachesmith_room"
}

# Nobody else can have made it ours.
c_is_room() {
	[ -d "$cachesmith_room" ] && [ ! -L "$cachesmith_room" ] && [ -O "$cachesmith_room" ]
}

# In a script: c_dir, the room, made where no earlier script did.
c_enter_room() {
	[ -n "${cachesmith_room:-}" ] || return 1
	if ! c_is_room; then
		c_sweep_of "$cachesmith_machine" "${cachesmith_room%/*}/" all
		mkdir "$cachesmith_room" 2>/dev/null || return 1
		{ printf 'room' >"$cachesmith_room/in"; } 2>/dev/null || return 1
	fi
	c_dir=$cachesmith_room
}
