// SPDX-License-Identifier: Apache-2.0
//! How a profile names places in code.

use wasmparser::Operator;

/// A call or a branch: the function it stands in and its number among that function's calls and
/// branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    pub function: u32,
    pub number: u32,
}

/// Numbers the sites of one function while its operators are read in order. What a patch put in
/// place, which is between two `nop`s, has none: the profile is of the module before.
pub struct Sites {
    next: Site,
    is_patch: bool,
}

impl Sites {
    pub fn of(function: u32) -> Sites {
        Sites {
            next: Site {
                function,
                number: 0,
            },
            is_patch: false,
        }
    }

    /// The site that `operator` is, if it is one.
    pub fn at(&mut self, operator: &Operator) -> Option<Site> {
        match operator {
            Operator::Nop => {
                self.is_patch = !self.is_patch;
                None
            }
            _ if self.is_patch => None,
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::If { .. }
            | Operator::BrIf { .. } => {
                let site = self.next;
                self.next.number += 1;
                Some(site)
            }
            _ => None,
        }
    }
}
