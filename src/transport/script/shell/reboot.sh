# c_reboot: a moment from now, by somebody who outlives this session, so that the answer still arrives.
c_reboot() {
	if [ "$(id -u)" != 0 ]; then
		c_fail 'only root may restart the machine (become is off)'
		return 1
	fi
	if [ -d /run/systemd/system ] && c_have systemd-run; then
		c_do 'cannot schedule the restart' systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot && return 0
		c_error=
	fi
	for c_word in systemctl reboot shutdown none; do
		! c_have "$c_word" || break
	done
	case $c_word in
	systemctl) set -- systemctl reboot ;;
	reboot) set -- reboot ;;
	shutdown) set -- shutdown -r now ;;
	*)
		c_fail 'the host has no program to restart it: systemctl, reboot and shutdown are all missing'
		return 1
		;;
	esac
	# shellcheck disable=SC2016 # expanded by the inner shell
	$c_setsid sh -c 'sleep 1; exec "$@"' sh "$@" </dev/null >/dev/null 2>&1 3>&- &
}
