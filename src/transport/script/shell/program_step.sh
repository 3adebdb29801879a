# c_program SECONDS ACCEPTED: runs c_start. ACCEPTED is a list of codes between spaces, or empty for all.
c_program() {
	c_ran=yes
	c_run "$1"
	if [ "$c_late" = yes ]; then
		c_status=late
		return 1
	fi
	case ${2:- $c_code } in
	*" $c_code "*) ;;
	*) return 1 ;;
	esac
}
