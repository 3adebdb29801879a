# Steps of one kind that follow each other wait for each other: one program makes their directories, and one brings the
# names of their files onto the disk. Then they are told, each for itself.

# The step that was carried out waits for c_settling to be done with c_place.
c_wait() {
	eval "c_place_$c_number=\$c_place c_times_$c_number=\"\$c_began \$c_now\""
	c_waiting="$c_waiting $c_number"
}

# Does what is waited for, and tells it. Fails where one of the steps did, or nobody listens: the script ends.
c_settle() {
	[ -n "$c_waiting" ] || return 0
	c_steps=$c_waiting
	c_waiting=
	c_settled=0
	c_places=
	c_before=
	for c_step in $c_steps; do
		eval "c_place=\$c_place_$c_step"
		[ "$c_place" = "$c_before" ] || c_places="$c_places \"\$c_place_$c_step\""
		c_before=$c_place
	done
	c_together=yes
	eval "$c_settling $c_places" || c_together=no
	for c_step in $c_steps; do
		c_ended='done 0'
		[ "$c_together" = yes ] || c_settle_alone
		eval "c_mark end $c_step $c_ended \$c_times_$c_step" || return 1
	done
	return "$c_settled"
}

# Which of them it was that failed. What one program was to do with all of them was done with others nevertheless, or not.
c_settle_alone() {
	eval "c_place=\$c_place_$c_step"
	if [ "$c_settled" -ne 0 ] && [ ! -e "$c_place" ]; then
		c_ended='undone 0'
	elif ! "$c_settling" "$c_place"; then
		c_settled=1
		c_ended='failed 1'
		c_mark message
		printf '%s' "$c_said" >&3
	fi
}
