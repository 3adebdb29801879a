//! How many hosts may fail before a run stops.

/// Counts the hosts of a wave that failed, were unreachable, or did not pass their post-checks.
#[derive(Debug)]
pub struct Budget {
    hosts: usize,
    bad: usize,
    percent: Option<f64>,
    any_is_fatal: bool,
}

impl Budget {
    /// A wave of so many hosts. Without a percentage, as in Ansible, a wave fails only when all of its hosts do.
    pub fn new(hosts: usize, percent: Option<f64>, any_is_fatal: bool) -> Self {
        Self {
            hosts,
            bad: 0,
            percent,
            any_is_fatal,
        }
    }

    /// Takes in how one host ended.
    pub fn count(&mut self, bad: bool) {
        self.bad += usize::from(bad);
    }

    /// Why the run must stop, if it must.
    pub fn spent(&self) -> Option<String> {
        if self.bad == 0 {
            return None;
        }
        let of = format!(
            "{} of {} hosts failed or could not be reached",
            self.bad, self.hosts
        );
        if self.any_is_fatal {
            return Some(format!("{of}, and any error ends this play"));
        }
        if self.bad >= self.hosts {
            return Some(format!(
                "all {} hosts of this wave failed or could not be reached",
                self.hosts
            ));
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of hosts are far below 2^52"
        )]
        let share = self.bad as f64 * 100.0 / self.hosts as f64;
        self.percent
            .filter(|percent| share > *percent)
            .map(|percent| format!("{of}, more than the {percent} % that this play allows"))
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    fn spent(hosts: usize, bad: usize, percent: Option<f64>, fatal: bool) -> bool {
        let mut budget = Budget::new(hosts, percent, fatal);
        for number in 0..hosts {
            budget.count(number < bad);
        }
        budget.spent().is_some()
    }

    #[test]
    fn a_budget_is_spent_by_share_by_any_or_by_all() {
        assert!(!spent(4, 0, Some(0.0), true));
        assert!(spent(4, 1, Some(0.0), false));
        assert!(!spent(4, 1, Some(25.0), false));
        assert!(spent(4, 2, Some(25.0), false));
        assert!(!spent(4, 3, None, false));
        assert!(spent(4, 4, None, false));
        assert!(spent(4, 1, None, true));
    }
}
