// SPDX-License-Identifier: Apache-2.0
//! Instructions that change, or depend on, state which is neither in linear memory nor in a
//! global: what an image cannot hold.

use wasmparser::{FunctionBody, Operator};

const NAMES: [&str; 9] = [
    "table.set",
    "table.grow",
    "table.copy",
    "table.init",
    "table.fill",
    "elem.drop",
    "data.drop",
    "memory.init",
    "garbage collection",
];

/// Which of them code contains: a bit for each name.
#[derive(Clone, Copy, Default)]
pub struct Features(u16);

impl Features {
    /// Reads all of `body`, so that every instruction is known to be whole and every block closed.
    /// Answers how many locals it declares.
    pub fn walk(&mut self, body: &FunctionBody) -> wasmparser::Result<u64> {
        let mut locals = 0;
        let mut declared = body.get_locals_reader()?;
        for _ in 0..declared.get_count() {
            locals += u64::from(declared.read()?.0);
        }
        let mut operators = wasmparser::OperatorsReader::new(declared.get_binary_reader());
        while !operators.eof() {
            self.0 |= feature_of(&operators.read()?);
        }
        operators.finish()?;
        Ok(locals)
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let is_found = move |(bit, _): &(usize, &str)| self.0 >> bit & 1 != 0;
        let found = NAMES.into_iter().enumerate().filter(is_found);
        found.map(|(_, name)| name)
    }
}

macro_rules! is_of_garbage_collection {
    (gc) => {
        true
    };
    ($other:ident) => {
        false
    };
}

macro_rules! define_garbage_collection {
    ($(@$proposal:ident $name:ident $({ $($field:ident: $of:ty),* })? => $visit:ident ($($arity:tt)*))*) => {
        fn is_garbage_collection(operator: &Operator) -> bool {
            match operator {
                $(Operator::$name { .. } => is_of_garbage_collection!($proposal),)*
                _ => false,
            }
        }
    };
}
wasmparser::for_each_operator!(define_garbage_collection);

fn feature_of(operator: &Operator) -> u16 {
    match operator {
        Operator::TableSet { .. } => 1,
        Operator::TableGrow { .. } => 1 << 1,
        Operator::TableCopy { .. } => 1 << 2,
        Operator::TableInit { .. } => 1 << 3,
        Operator::TableFill { .. } => 1 << 4,
        Operator::ElemDrop { .. } => 1 << 5,
        Operator::DataDrop { .. } => 1 << 6,
        Operator::MemoryInit { .. } => 1 << 7,
        _ => u16::from(is_garbage_collection(operator)) << 8,
    }
}
