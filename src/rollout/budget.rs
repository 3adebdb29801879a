//! How many hosts may fail before a run stops: one account over failed, unreachable and failed post-checks.

use serde::{Deserialize, Serialize};

use crate::model::rolling::{Batch, Limits};

/// Counts the hosts of a wave, and of the whole run, that failed, were unreachable, or did not pass their post-checks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    limits: Limits,
    wave: Count,
    run: Count,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    bad: usize,
    hosts: usize,
}

impl Count {
    fn percent(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers of hosts are far below 2^52"
        )]
        let share = self.bad as f64 * 100.0 / self.hosts.max(1) as f64;
        share
    }
}

impl Budget {
    /// For a run over so many hosts, of which so many are bad already.
    pub fn new(limits: Limits, hosts: usize, bad: usize) -> Self {
        Self {
            limits,
            wave: Count::default(),
            run: Count { bad, hosts },
        }
    }

    /// A wave of so many hosts begins.
    pub fn begin_wave(&mut self, hosts: usize) {
        self.wave = Count { bad: 0, hosts };
    }

    /// Another host is bad.
    pub fn spend(&mut self) {
        self.wave.bad += 1;
        self.run.bad += 1;
    }

    /// Why the run must stop, if it must. As in Ansible, without any limit a wave fails when all of its hosts do.
    pub fn spent(&self) -> Option<String> {
        let Count { bad, hosts } = self.wave;
        if bad == 0 {
            return None;
        }
        let of = format!("{bad} of {hosts} hosts failed or could not be reached");
        if self.limits.any_errors_fatal {
            return Some(format!("{of}, and any error ends this play"));
        }
        if bad >= hosts {
            let all = match hosts {
                1 => "the only host".to_owned(),
                number => format!("all {number} hosts"),
            };
            return Some(format!("{all} of this wave failed or could not be reached"));
        }
        let share = self.limits.max_fail_percentage;
        if let Some(percent) = share.filter(|percent| self.wave.percent() > *percent) {
            return Some(format!(
                "{of}, more than the {percent} % that this play allows"
            ));
        }
        let Count { bad, hosts } = self.run;
        let of = format!("{bad} of {hosts} hosts of the run failed or could not be reached");
        match self.limits.max_fail? {
            Batch::Hosts(most) if bad > most => {
                Some(format!("{of}, more than the {most} that it may lose"))
            }
            Batch::Percent(percent) if self.run.percent() > percent => {
                Some(format!("{of}, more than the {percent} % that it may lose"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(hosts: usize, bad: usize, percent: Option<f64>, fatal: bool) -> bool {
        let limits = Limits {
            max_fail_percentage: percent,
            max_fail: None,
            any_errors_fatal: fatal,
        };
        let mut budget = Budget::new(limits, hosts, 0);
        budget.begin_wave(hosts);
        for _ in 0..bad {
            budget.spend();
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

    #[test]
    fn a_run_has_one_budget_over_all_waves() {
        let after = |max_fail: Batch, bad_before: usize| {
            let limits = Limits {
                max_fail: Some(max_fail),
                ..Limits::default()
            };
            let mut budget = Budget::new(limits, 100, bad_before);
            budget.begin_wave(10);
            budget.spend();
            budget.begin_wave(10);
            assert_eq!(budget.spent(), None, "only a host of this wave ends it");
            budget.spend();
            budget.spent()
        };
        assert_eq!(after(Batch::Hosts(2), 0), None);
        assert_eq!(after(Batch::Percent(2.0), 0), None);
        let told = "3 of 100 hosts of the run failed or could not be reached, more than the 2 that it may lose";
        assert_eq!(after(Batch::Hosts(2), 1).as_deref(), Some(told));
        assert!(after(Batch::Percent(2.0), 1).is_some());
        assert!(after(Batch::Hosts(0), 0).is_some());
    }
}
