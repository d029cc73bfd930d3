// SPDX-License-Identifier: Apache-2.0
//! A module as rewriting sees it: valid, its types plain, its table fixed for ever.

use std::collections::HashMap;
use std::ops::Range;

use sha2::{Digest, Sha256};
use wasmparser::{
    ConstExpr, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, Operator, Parser,
    Payload, TypeRef, ValType, Validator, WasmFeatures,
};

use super::encode;
use super::{Error, Result};

pub const CODE_SECTION: u8 = 10;
pub const CUSTOM_SECTION: u8 = 0;

/// The custom section in which a patched module says what its code was before.
pub const CODE_SHA256_SECTION: &str = "skerry.code_sha256";

pub struct Section<'a> {
    pub id: u8,
    pub payload: &'a [u8],
}

/// A function that the module defines.
pub struct Defined<'a> {
    pub body: FunctionBody<'a>,
    pub operators: usize,
    /// Whether a copy of the body may stand in another function: see `Module::read`.
    pub can_move: bool,
}

pub struct Module<'a> {
    pub bytes: &'a [u8],
    /// All but custom sections, of which the name section is kept: others may point into the code
    /// that will move.
    pub sections: Vec<Section<'a>>,
    /// Lower-case hexadecimal SHA-256 of the code section's contents, before it was patched.
    pub code_sha256: String,
    types: Vec<FuncType>,
    function_types: Vec<u32>,
    imported: u32,
    defined: Vec<Defined<'a>>,
    /// What each slot of table 0 holds from instantiation to the end.
    table: HashMap<u32, u32>,
}

impl<'a> Module<'a> {
    /// Validates `bytes` and refuses what the rewriting's exactness does not cover: types beyond
    /// plain functions', a first table that anybody could write (imported, exported, or written by
    /// an instruction), contents of it that are not constants.
    pub fn read(bytes: &'a [u8]) -> Result<Module<'a>> {
        // Legacy exceptions are left out: their labels are counted in another way.
        let features = WasmFeatures::WASM3 | WasmFeatures::EXTENDED_CONST;
        Validator::new_with_features(features).validate_all(bytes)?;
        let mut module = Module {
            bytes,
            sections: Vec::new(),
            code_sha256: String::new(),
            types: Vec::new(),
            function_types: Vec::new(),
            imported: 0,
            defined: Vec::new(),
            table: HashMap::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.take(payload?)?;
        }
        if module.imported as usize + module.defined.len() != module.function_types.len() {
            return Err(Error("malformed module: functions without bodies".into()));
        }
        Ok(module)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<()> {
        if let Some((id, range)) = payload.as_section() {
            let is_name = matches!(&payload, Payload::CustomSection(c) if c.name() == "name");
            if id != CUSTOM_SECTION || is_name {
                let payload = self.slice(range)?;
                self.sections.push(Section { id, payload });
            }
        }
        match payload {
            Payload::TypeSection(types) => {
                // One type then has one index up to equality of its parameters and results.
                for each in types.into_iter_err_on_gc_types() {
                    self.types.push(each?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(of) => self.function_types.push(of),
                        TypeRef::Table(_) => return Err(Error("an imported table".into())),
                        _ => {}
                    }
                }
                self.imported = self.function_types.len() as u32;
            }
            Payload::FunctionSection(functions) => {
                for each in functions {
                    self.function_types.push(each?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    if table?.ty.table64 {
                        return Err(Error("a table of 64-bit indices".into()));
                    }
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    if export?.kind == ExternalKind::Table {
                        return Err(Error("an exported table".into()));
                    }
                }
            }
            Payload::ElementSection(segments) => {
                for segment in segments {
                    self.take_elements(segment?)?;
                }
            }
            Payload::CodeSectionStart { range, .. } => {
                self.code_sha256 = hexadecimal(&Sha256::digest(self.slice(range)?));
            }
            Payload::CodeSectionEntry(body) => {
                let defined = self.examine(body)?;
                self.defined.push(defined);
            }
            // Behind the code, so what was computed is replaced.
            Payload::CustomSection(custom) if custom.name() == CODE_SHA256_SECTION => {
                self.code_sha256 = String::from_utf8_lossy(custom.data()).into_owned();
            }
            _ => {}
        }
        Ok(())
    }

    fn take_elements(&mut self, segment: wasmparser::Element<'a>) -> Result<()> {
        // Passive and declared segments reach a table only by instructions, which `examine`
        // refuses.
        let ElementKind::Active {
            table_index,
            offset_expr,
        } = segment.kind
        else {
            return Ok(());
        };
        if table_index.unwrap_or(0) != 0 {
            return Ok(());
        }
        let offset = constant(&offset_expr)?;
        let ElementItems::Functions(functions) = segment.items else {
            return Err(Error("elements given by expressions".into()));
        };
        for (slot, function) in (u64::from(offset)..).zip(functions) {
            // Slots beyond the table's end are no matter: instantiation would fail. A later segment
            // writes over an earlier one, here as there.
            if let Ok(slot) = u32::try_from(slot) {
                self.table.insert(slot, function?);
            }
        }
        Ok(())
    }

    fn examine(&self, body: FunctionBody<'a>) -> Result<Defined<'a>> {
        let mut operators = 0;
        // Locals of reference types would need more words to write and to clear.
        let mut can_move = true;
        for locals in body.get_locals_reader()? {
            let (count, of) = locals?;
            can_move &= encode::value_type(of).is_some() && count <= 200;
        }
        for operator in body.get_operators_reader()? {
            operators += 1;
            match operator? {
                // In another function's body a tail call would end that function.
                Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. } => can_move = false,
                Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => {
                    return Err(Error("code that writes a table".into()));
                }
                _ => {}
            }
        }
        let of = self.type_of(self.imported + self.defined.len() as u32)?;
        can_move &= of
            .params()
            .iter()
            .all(|each| encode::value_type(*each).is_some());
        // A block of several results would need a type of its own.
        can_move &= match of.results() {
            [] => true,
            [one] => encode::value_type(*one).is_some(),
            _ => false,
        };
        Ok(Defined {
            body,
            operators,
            can_move,
        })
    }

    pub fn functions(&self) -> u32 {
        self.function_types.len() as u32
    }

    /// How many functions are imported; the defined ones follow them in the index space.
    pub fn imported(&self) -> u32 {
        self.imported
    }

    pub fn defined(&self) -> impl Iterator<Item = (u32, &Defined<'a>)> {
        (self.imported..).zip(&self.defined)
    }

    /// The function of that index, unless it is imported or there is none.
    pub fn definition(&self, function: u32) -> Option<&Defined<'a>> {
        self.defined
            .get(function.checked_sub(self.imported)? as usize)
    }

    pub fn type_of(&self, function: u32) -> Result<&FuncType> {
        self.type_at(self.type_index_of(function)?)
    }

    pub fn type_index_of(&self, function: u32) -> Result<u32> {
        let of = self.function_types.get(function as usize).copied();
        of.ok_or_else(|| Error(format!("no function {function}")))
    }

    pub fn types(&self) -> &[FuncType] {
        &self.types
    }

    pub fn type_at(&self, index: u32) -> Result<&FuncType> {
        self.types
            .get(index as usize)
            .ok_or_else(|| Error(format!("no type {index}")))
    }

    /// The function that slot `slot` of table 0 holds; None if it holds none that we know.
    pub fn in_slot(&self, slot: u32) -> Option<u32> {
        self.table.get(&slot).copied()
    }

    /// The parameters and locals that a call of `function` begins with: parameters first.
    pub fn locals_of(&self, function: u32, defined: &Defined<'a>) -> Result<Vec<(u32, ValType)>> {
        let mut locals: Vec<_> = self
            .type_of(function)?
            .params()
            .iter()
            .map(|each| (1, *each))
            .collect();
        for each in defined.body.get_locals_reader()? {
            locals.push(each?);
        }
        Ok(locals)
    }

    pub fn slice(&self, range: Range<usize>) -> Result<&'a [u8]> {
        let bytes = self.bytes.get(range);
        bytes.ok_or_else(|| Error("malformed module: a section beyond its end".into()))
    }
}

fn constant(expression: &ConstExpr) -> Result<u32> {
    let mut reader = expression.get_operators_reader();
    match (reader.read()?, reader.read()?) {
        (Operator::I32Const { value }, Operator::End) => Ok(value as u32),
        _ => Err(Error(
            "elements at an offset that is not a plain constant".into(),
        )),
    }
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
