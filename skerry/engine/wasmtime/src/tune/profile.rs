// SPDX-License-Identifier: Apache-2.0
//! What a training run counted, as text. Its first line names the code it belongs to:
//!
//! ```text
//! code SHA-256 of the code section's contents
//! # comments
//! total CALLS
//! call FUNCTION SITE CALLS
//! indirect FUNCTION SITE CALLS SLOT CALLS [SLOT CALLS ...]
//! likely FUNCTION SITE [SITE ...]
//! unlikely FUNCTION SITE [SITE ...]
//! ```
//!
//! `total` counts all calls of the run; entries too rare to matter are left out. `indirect` is a
//! `call_indirect`: its calls, then those through its most frequent slots of table 0, most frequent
//! first. The last two are `if` and `br_if`: whether their condition was almost always or almost
//! never true.

use std::collections::HashMap;

use super::module::Module;
use super::site::Site;
use super::{Error, Result};

/// How much of a training run went through a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heat {
    Cold,
    /// One call in 33,333 or more.
    Hot,
    /// One call in 1,667 or more.
    VeryHot,
}

/// Fewer calls than one in so many are cold, and not worth an entry.
pub const HOT_SHARE: u64 = 33_333;
const VERY_HOT_SHARE: u64 = 1_667;

pub struct Slot {
    pub slot: u32,
    pub calls: u64,
}

pub struct Indirect {
    pub calls: u64,
    pub slots: Vec<Slot>,
}

pub struct Profile {
    total: u64,
    calls: HashMap<Site, u64>,
    indirect: HashMap<Site, Indirect>,
    likely: HashMap<Site, bool>,
}

impl Profile {
    /// Refuses a profile of other code than `module`'s, and one that names what `module` does not
    /// have. Sites that do not exist are ignored: they are only looked up.
    pub fn parse(text: &[u8], module: &Module) -> Result<Profile> {
        let text =
            std::str::from_utf8(text).map_err(|_| Error("a profile that is not UTF-8".into()))?;
        let mut lines = text.lines();
        let code = lines.next().and_then(|line| line.strip_prefix("code "));
        let code =
            code.ok_or_else(|| Error("a profile that does not begin with \"code\"".into()))?;
        if code != module.code_sha256 {
            let ours = &module.code_sha256;
            return Err(Error(format!(
                "a profile of code {code}, the module's is {ours}"
            )));
        }
        let mut profile = Profile {
            total: 0,
            calls: HashMap::new(),
            indirect: HashMap::new(),
            likely: HashMap::new(),
        };
        for (number, line) in (2..).zip(lines) {
            let at = |what| Error(format!("profile line {number}: {what}"));
            profile.take(line, module).map_err(at)?;
        }
        // Without its total, all that follows would be very hot: the text was cut, or never whole.
        if profile.total == 0 {
            return Err(Error("a profile without a total".into()));
        }
        Ok(profile)
    }

    fn take(&mut self, line: &str, module: &Module) -> std::result::Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default();
        let numbers: Vec<u64> = words
            .map(|word| {
                word.parse()
                    .map_err(|_| format!("expected a number, not \"{word}\""))
            })
            .collect::<std::result::Result<_, _>>()?;
        if let ("total", &[total]) = (kind, &numbers[..]) {
            self.total = total;
            return Ok(());
        }
        let &[function, number, ref counts @ ..] = &numbers[..] else {
            return Err("expected a function and a site".into());
        };
        let site = Site {
            function: narrow(function)?,
            number: narrow(number)?,
        };
        if module.definition(site.function).is_none() {
            return Err(format!("function {function} is not defined in the module"));
        }
        match (kind, counts) {
            ("call", &[calls]) => {
                self.calls.insert(site, calls);
            }
            ("indirect", &[calls, ref slots @ ..]) if slots.len().is_multiple_of(2) => {
                let slots = slots.chunks_exact(2).map(|pair| parse_slot(pair, module));
                let slots = slots.collect::<std::result::Result<_, _>>()?;
                self.indirect.insert(site, Indirect { calls, slots });
            }
            ("likely" | "unlikely", more) => {
                self.likely.insert(site, kind == "likely");
                for number in more {
                    let also = Site {
                        number: narrow(*number)?,
                        ..site
                    };
                    self.likely.insert(also, kind == "likely");
                }
            }
            _ => return Err(format!("unknown entry \"{line}\"")),
        }
        Ok(())
    }

    pub fn heat_of(&self, calls: u64) -> Heat {
        let at_least_one_in =
            |share: u64| u128::from(calls) * u128::from(share) >= u128::from(self.total);
        if at_least_one_in(VERY_HOT_SHARE) {
            Heat::VeryHot
        } else if at_least_one_in(HOT_SHARE) {
            Heat::Hot
        } else {
            Heat::Cold
        }
    }

    pub fn heat_at(&self, site: Site) -> Heat {
        self.calls
            .get(&site)
            .map_or(Heat::Cold, |calls| self.heat_of(*calls))
    }

    pub fn indirect_at(&self, site: Site) -> Option<&Indirect> {
        self.indirect.get(&site)
    }

    /// Whether a branch's condition is likely, if that is known.
    pub fn likely_at(&self, site: Site) -> Option<bool> {
        self.likely.get(&site).copied()
    }
}

fn parse_slot(pair: &[u64], module: &Module) -> std::result::Result<Slot, String> {
    let &[slot, calls] = pair else {
        return Err("expected a slot and its calls".into());
    };
    let slot = narrow(slot)?;
    if module.in_slot(slot).is_none() {
        return Err(format!("slot {slot} of the table is empty"));
    }
    Ok(Slot { slot, calls })
}

fn narrow(number: u64) -> std::result::Result<u32, String> {
    u32::try_from(number).map_err(|_| format!("{number} is not an index"))
}
