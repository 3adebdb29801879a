# c_units NAME...: all units in one question.
c_units() {
	if ! c_have systemctl; then
		c_mark no-systemd
		return
	fi
	c_mark units
	c_error=$(c_limit 20 systemctl show --no-pager --property=Id,Names,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,MainPID "$@" 2>&1 >&3)
	c_mark units-end $?
	printf '%s' "$c_error" >&3
}
