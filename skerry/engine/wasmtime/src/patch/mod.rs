// SPDX-License-Identifier: Apache-2.0
//! Putting functions of ours into a module whose functions have names.
//!
//! A patch is a module in text form. It imports what it calls and exports what it changes, all by
//! the names in the guest's name section:
//!
//! - import `guest NAME`: the guest's function or global of that name, or its memory;
//! - import `original NAME`: the function of that name as it was, where the patch replaces it;
//! - export `element: NAME`: comes behind what the guest's table holds, and the constant of type i32
//!   that is imported as `element NAME` says where;
//! - export `NAME`: stands in the place of the guest's function, whoever calls it;
//! - export `NAME: INSTRUCTION, K of N`: is called in place of an instruction in that function, and
//!   takes and gives what the instruction does. It is the K-th of N: `i32.const VALUE`,
//!   `i32.load8_u` or `call NAME`;
//! - export `every INSTRUCTION`: its body, which takes one value and does not return from within, is
//!   put in place of all of the guest's instructions that make an integer of a float, such as
//!   `i64.trunc_sat_f64_s`.
//!
//! What is put in place is between two `nop`s, which a guest of its own has none of: a profile's
//! numbers of places in a function do not count it.
//!
//! A name that the guest does not have, or has twice, and a count that is another are errors: a
//! patch fits the module that it was written for or is refused. Indices of functions stay, so that
//! tables and profiles still hold; what is added comes behind.
#![forbid(unsafe_code)]

mod code;
mod instruction;

use std::cell::Cell;
use std::collections::HashMap;

use wasmparser::{
    BinaryReader, BlockType, Export, ExternalKind, FunctionBody, Import, KnownCustom, Name,
    Operator, Parser, Payload, TypeRef,
};

use self::code::{Locals, copy, with_types};
use self::instruction::Instruction;
use crate::tune::encode::{self, BLOCK, CALL, LOCAL_GET, LOCAL_SET, NOP, indexed};
use crate::tune::module::{CODE_SECTION, CODE_SHA256_SECTION, CUSTOM_SECTION, Module};
use crate::tune::{Error, Result};

const TYPE_SECTION: u8 = 1;
const FUNCTION_SECTION: u8 = 3;
const TABLE_SECTION: u8 = 4;
const FUNCTION_REFERENCES: u8 = 0x70;
const ELEMENT_SECTION: u8 = 9;
/// How the names of exports begin that are no functions of the guest.
const ELEMENT: &str = "element: ";
const EVERY: &str = "every ";
const GLOBAL_GET: u8 = 0x23;
const GLOBAL_SET: u8 = 0x24;

/// `module` with what `text` says, and without names. The result is not validated.
pub fn patch(module: &[u8], text: &[u8]) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(text).map_err(|_| error("not UTF-8"))?;
    let binary = wat::parse_str(text).map_err(error)?;
    let guest = Module::read(module)?;
    let patch = Module::read(&binary)?;
    Patcher::new(&guest, &patch)?.write()
}

fn error(what: impl std::fmt::Display) -> Error {
    Error(format!("patch: {what}"))
}

/// The indices that names have; None for a name of several.
type Indices<'a> = HashMap<&'a str, Option<u32>>;

fn find(names: &Indices, name: &str) -> Result<u32> {
    match names.get(name) {
        Some(Some(index)) => Ok(*index),
        Some(None) => Err(error(format!("the module has several {name}"))),
        None => Err(error(format!("the module has no {name}"))),
    }
}

/// An instruction to be replaced.
struct Site<'a> {
    name: &'a str,
    instruction: Instruction,
    number: usize,
    of: usize,
    /// The guest's index of what is called in its place.
    by: u32,
}

/// An instruction that a body takes the place of wherever it is.
struct Everywhere<'a> {
    name: &'a str,
    instruction: Instruction,
    /// The patch's function.
    by: u32,
    is_found: Cell<bool>,
}

struct Patcher<'m, 'a> {
    guest: &'m Module<'a>,
    patch: &'m Module<'a>,
    functions: Indices<'a>,
    globals: Indices<'a>,
    /// The guest's indices of the patch's functions.
    function_of: Vec<u32>,
    global_of: Vec<GlobalOf>,
    /// What comes behind the guest's elements: names, and the patch's indices of functions.
    elements: Vec<(&'a str, u32)>,
    /// By the guest's function: that of the patch which takes its place.
    replaced: HashMap<u32, u32>,
    /// By the guest's function.
    sites: HashMap<u32, Vec<Site<'a>>>,
    everywhere: Vec<Everywhere<'a>>,
    /// What comes behind the guest's functions.
    added: Vec<Added>,
}

/// What a global of the patch stands for.
#[derive(Clone, Copy)]
enum GlobalOf {
    /// The guest's of that index.
    Guest(u32),
    /// A constant.
    Constant(u32),
}

#[derive(Clone, Copy)]
enum Added {
    /// The guest's function of that index, as it was.
    Original(u32),
    /// The patch's.
    OfPatch(u32),
}

impl<'m, 'a> Patcher<'m, 'a> {
    fn new(guest: &'m Module<'a>, patch: &'m Module<'a>) -> Result<Patcher<'m, 'a>> {
        let mut patcher = Patcher {
            guest,
            patch,
            functions: Indices::new(),
            globals: Indices::new(),
            function_of: Vec::new(),
            global_of: Vec::new(),
            elements: Vec::new(),
            replaced: HashMap::new(),
            sites: HashMap::new(),
            everywhere: Vec::new(),
            added: Vec::new(),
        };
        patcher.read_names()?;
        let (imports, exports) = read_interface(patch.bytes)?;
        for export in &exports {
            if let Some(name) = export.name.strip_prefix(ELEMENT) {
                patcher.elements.push((name, export.index));
            } else if !export.name.contains(": ") && !export.name.starts_with(EVERY) {
                let function = find(&patcher.functions, export.name)?;
                patcher.replaced.insert(function, export.index);
            }
        }
        for import in imports {
            patcher.take_import(&import)?;
        }
        for (index, _) in patch.defined() {
            let replaces = patcher.replaced.iter().find(|(_, by)| **by == index);
            let place = match replaces {
                Some((function, _)) => *function,
                None => patcher.add(Added::OfPatch(index)),
            };
            patcher.function_of.push(place);
        }
        for export in &exports {
            if let Some(instruction) = export.name.strip_prefix(EVERY) {
                patcher.take_everywhere(export, instruction)?;
            } else if export.name.contains(": ") && !export.name.starts_with(ELEMENT) {
                patcher.take_site(export)?;
            }
        }
        Ok(patcher)
    }

    fn read_names(&mut self) -> Result<()> {
        for payload in Parser::new(0).parse_all(self.guest.bytes) {
            let Payload::CustomSection(section) = payload? else {
                continue;
            };
            let KnownCustom::Name(names) = section.as_known() else {
                continue;
            };
            for each in names {
                let (names, indices) = match each? {
                    Name::Function(names) => (names, &mut self.functions),
                    Name::Global(names) => (names, &mut self.globals),
                    _ => continue,
                };
                for each in names {
                    let each = each?;
                    let seen = indices.insert(each.name, Some(each.index));
                    if seen.is_some() {
                        indices.insert(each.name, None);
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, what: Added) -> u32 {
        self.added.push(what);
        self.guest.functions() + self.added.len() as u32 - 1
    }

    fn take_import(&mut self, import: &Import) -> Result<()> {
        match (import.module, import.ty) {
            ("guest", TypeRef::Func(_)) => {
                self.function_of.push(find(&self.functions, import.name)?);
            }
            ("guest", TypeRef::Global(_)) => {
                let global = find(&self.globals, import.name)?;
                self.global_of.push(GlobalOf::Guest(global));
            }
            ("element", TypeRef::Global(_)) => {
                let mut names = self.elements.iter();
                let number = names.position(|(name, _)| *name == import.name);
                let number = number.ok_or_else(|| error(format!("no element {}", import.name)))?;
                let slot = table_of(self.guest)?.0 + number as u32;
                self.global_of.push(GlobalOf::Constant(slot));
            }
            ("guest", TypeRef::Memory(_)) => {}
            ("original", TypeRef::Func(_)) => {
                let function = find(&self.functions, import.name)?;
                if !self.replaced.contains_key(&function) {
                    return Err(error(format!("{} is not replaced", import.name)));
                }
                let moved = self.add(Added::Original(function));
                self.function_of.push(moved);
            }
            _ => return Err(error(format!("unknown import {}", import.name))),
        }
        Ok(())
    }

    fn take_site(&mut self, export: &Export<'a>) -> Result<()> {
        let unknown = || error(format!("unknown place \"{}\"", export.name));
        let (name, place) = export.name.split_once(": ").ok_or_else(unknown)?;
        let (instruction, counts) = place.split_once(", ").ok_or_else(unknown)?;
        let (number, of) = counts.split_once(" of ").ok_or_else(unknown)?;
        let instruction = match instruction.split_once(' ') {
            Some(("i32.const", value)) => {
                Instruction::Constant(value.parse().map_err(|_| unknown())?)
            }
            Some(("call", name)) => Instruction::Call(find(&self.functions, name)?),
            None if instruction == "i32.load8_u" => Instruction::LoadByte,
            _ => return Err(unknown()),
        };
        let site = Site {
            name: export.name,
            instruction,
            number: number.parse().map_err(|_| unknown())?,
            of: of.parse().map_err(|_| unknown())?,
            by: self.function_at(export.index)?,
        };
        let function = find(&self.functions, name)?;
        self.sites.entry(function).or_default().push(site);
        Ok(())
    }

    fn take_everywhere(&mut self, export: &Export<'a>, instruction: &str) -> Result<()> {
        let conversion = Instruction::conversion(instruction);
        self.everywhere.push(Everywhere {
            name: export.name,
            instruction: conversion
                .ok_or_else(|| error(format!("unknown place \"{}\"", export.name)))?,
            by: export.index,
            is_found: Cell::new(false),
        });
        Ok(())
    }

    fn function_at(&self, of_patch: u32) -> Result<u32> {
        let found = self.function_of.get(of_patch as usize).copied();
        found.ok_or_else(|| error(format!("no function {of_patch}")))
    }

    fn write(&self) -> Result<Vec<u8>> {
        let guest = self.guest;
        let defined = guest.functions() - guest.imported();
        let count = u64::from(defined) + self.added.len() as u64;
        let mut functions = Vec::new();
        let mut code = Vec::with_capacity(guest.bytes.len());
        // Those that the guest does not have come behind its own.
        let mut types = guest.types().to_vec();
        encode::unsigned(&mut functions, count);
        encode::unsigned(&mut code, count);
        for (function, _) in guest.defined() {
            encode::unsigned(&mut functions, guest.type_index_of(function)?.into());
            let body = match self.replaced.get(&function) {
                Some(by) => {
                    if self.patch.type_of(*by)? != guest.type_of(function)? {
                        return Err(error(format!("function {function} has another type")));
                    }
                    self.body_of_patch(*by)?
                }
                None => self.body_of_guest(function)?,
            };
            encode::prefixed(&mut code, &body);
        }
        for each in &self.added {
            let (of, body) = match *each {
                Added::Original(function) => (
                    guest.type_index_of(function)?,
                    self.body_of_guest(function)?,
                ),
                Added::OfPatch(function) => {
                    let of = self.patch.type_of(function)?;
                    let index = types.iter().position(|each| each == of);
                    let index = index.unwrap_or_else(|| {
                        types.push(of.clone());
                        types.len() - 1
                    });
                    (index as u32, self.body_of_patch(function)?)
                }
            };
            encode::unsigned(&mut functions, of.into());
            encode::prefixed(&mut code, &body);
        }
        if let Some(missing) = self.everywhere.iter().find(|each| !each.is_found.get()) {
            return Err(error(format!("{}: there are 0", missing.name)));
        }
        let (table, elements) = self.table_with_elements()?;
        let mut out = Vec::with_capacity(guest.bytes.len() + (1 << 16));
        out.extend_from_slice(guest.slice(0..8)?);
        for section in &guest.sections {
            let payload = match section.id {
                CUSTOM_SECTION => continue,
                TYPE_SECTION => &with_types(section.payload, &types, guest.types().len())?,
                FUNCTION_SECTION => &functions,
                TABLE_SECTION if !self.elements.is_empty() => &table,
                ELEMENT_SECTION if !self.elements.is_empty() => &elements,
                CODE_SECTION => &code,
                _ => section.payload,
            };
            encode::section(&mut out, section.id, payload);
        }
        let mut origin = Vec::new();
        encode::prefixed(&mut origin, CODE_SHA256_SECTION.as_bytes());
        origin.extend_from_slice(guest.code_sha256.as_bytes());
        encode::section(&mut out, CUSTOM_SECTION, &origin);
        Ok(out)
    }

    /// The sections of the table and its elements, with the patch's behind the guest's. Empty where
    /// the patch has none.
    fn table_with_elements(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        if self.elements.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let (size, maximum) = table_of(self.guest)?;
        let more = self.elements.len() as u32;
        let mut table = vec![1, FUNCTION_REFERENCES, maximum.is_some().into()];
        encode::unsigned(&mut table, (size + more).into());
        if let Some(maximum) = maximum {
            encode::unsigned(&mut table, maximum + u64::from(more));
        }
        let mut sections = self.guest.sections.iter();
        let section = sections.find(|each| each.id == ELEMENT_SECTION);
        let payload = section.map_or(&[0][..], |each| each.payload);
        let mut reader = BinaryReader::new(payload, 0);
        let segments = reader.read_var_u32()?;
        let mut elements = Vec::with_capacity(payload.len() + 64);
        encode::unsigned(&mut elements, u64::from(segments) + 1);
        let before = payload.get(reader.original_position()..);
        elements.extend_from_slice(before.unwrap_or_default());
        elements.push(0); // active, in the first table
        encode::i32_const(&mut elements, size);
        elements.push(encode::END);
        encode::unsigned(&mut elements, more.into());
        for (_, function) in &self.elements {
            encode::unsigned(&mut elements, self.function_at(*function)?.into());
        }
        Ok((table, elements))
    }

    fn body_of_guest(&self, function: u32) -> Result<Vec<u8>> {
        let body = &definition(self.guest, function)?;
        let sites = self.sites.get(&function).map_or(&[][..], Vec::as_slice);
        let mut found = vec![0; sites.len()];
        let parameters = self.guest.type_of(function)?.params().len() as u32;
        let mut locals = Locals::of(body, parameters)?;
        let mut code = Vec::with_capacity(body.range().len());
        copy(self.guest, body, &mut code, |operator, out| {
            let mut by = None;
            for (site, found) in sites.iter().zip(&mut found) {
                if site.instruction.is(operator) {
                    *found += 1;
                    by = by.or((*found == site.number).then_some(site.by));
                }
            }
            let everywhere = self.everywhere.iter();
            let inlined = everywhere.filter(|each| each.instruction.is(operator));
            if let Some(by) = by {
                out.push(NOP);
                indexed(out, CALL, by);
                out.push(NOP);
            } else if let Some(each) = inlined.last() {
                each.is_found.set(true);
                self.inline(each.by, &mut locals, out)?;
            } else {
                if matches!(operator, Operator::Nop) {
                    return Err(error("the module has a nop, which is the patch's own mark"));
                }
                return Ok(false);
            }
            Ok(true)
        })?;
        for (site, found) in sites.iter().zip(found) {
            if found != site.of || !(1..=site.of).contains(&site.number) {
                return Err(error(format!("{}: there are {found}", site.name)));
            }
        }
        let mut bytes = locals.write(self.guest, body)?;
        bytes.extend_from_slice(&code);
        Ok(bytes)
    }

    /// Writes the body of the patch's function as a block whose value is its result.
    fn inline(&self, function: u32, locals: &mut Locals, out: &mut Vec<u8>) -> Result<()> {
        let unsupported = || error(format!("function {function} cannot be put in place"));
        let of = self.patch.type_of(function)?;
        let ([parameter], [result]) = (of.params(), of.results()) else {
            return Err(unsupported());
        };
        let body = definition(self.patch, function)?;
        if body.get_locals_reader()?.get_count() != 0 {
            return Err(unsupported());
        }
        let local = locals.for_values(*parameter);
        out.push(NOP);
        indexed(out, LOCAL_SET, local);
        out.push(BLOCK);
        out.push(encode::value_type(*result).ok_or_else(unsupported)?);
        copy(self.patch, &body, out, |operator, out| {
            if let Operator::LocalGet { .. } = operator {
                indexed(out, LOCAL_GET, local);
                return Ok(true);
            }
            match operator {
                Operator::Return | Operator::LocalSet { .. } | Operator::LocalTee { .. } => {
                    Err(unsupported())
                }
                _ => self.write_own(operator, out),
            }
        })?;
        out.push(NOP);
        Ok(())
    }

    fn body_of_patch(&self, function: u32) -> Result<Vec<u8>> {
        let body = &definition(self.patch, function)?;
        let mut bytes = Locals::of(body, 0)?.write(self.patch, body)?;
        copy(self.patch, body, &mut bytes, |operator, out| {
            self.write_own(operator, out)
        })?;
        Ok(bytes)
    }

    /// Writes an operator of the patch if it has another index in the guest.
    fn write_own(&self, operator: &Operator, out: &mut Vec<u8>) -> Result<bool> {
        match operator {
            Operator::Call { function_index } => {
                indexed(out, CALL, self.function_at(*function_index)?);
            }
            Operator::GlobalGet { global_index } => match self.global_at(*global_index)? {
                GlobalOf::Guest(global) => indexed(out, GLOBAL_GET, global),
                GlobalOf::Constant(value) => encode::i32_const(out, value),
            },
            Operator::GlobalSet { global_index } => match self.global_at(*global_index)? {
                GlobalOf::Guest(global) => indexed(out, GLOBAL_SET, global),
                GlobalOf::Constant(_) => return Err(error("a constant is set")),
            },
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty }
                if !matches!(blockty, BlockType::FuncType(_)) =>
            {
                return Ok(false);
            }
            // Whatever else has an index in it would need the guest's.
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::RefFunc { .. } => {
                return Err(error(format!("unsupported: {operator:?}")));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn global_at(&self, of_patch: u32) -> Result<GlobalOf> {
        let found = self.global_of.get(of_patch as usize).copied();
        found.ok_or_else(|| error("a global of its own"))
    }
}

/// How many elements the guest's table holds, and may hold.
fn table_of(guest: &Module) -> Result<(u32, Option<u64>)> {
    for payload in Parser::new(0).parse_all(guest.bytes) {
        if let Payload::TableSection(tables) = payload? {
            let mut tables = tables.into_iter();
            if let (Some(table), None) = (tables.next(), tables.next()) {
                let of = table?.ty;
                let size = u32::try_from(of.initial).map_err(error)?;
                return Ok((size, of.maximum));
            }
        }
    }
    Err(error("the module does not have one table"))
}

fn definition<'a>(module: &Module<'a>, function: u32) -> Result<FunctionBody<'a>> {
    let defined = module.definition(function);
    let body = defined.map(|defined| defined.body.clone());
    body.ok_or_else(|| error(format!("function {function} is imported")))
}

fn read_interface(bytes: &[u8]) -> Result<(Vec<Import<'_>>, Vec<Export<'_>>)> {
    let mut imports = Vec::new();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imports.push(import?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind != ExternalKind::Func {
                        return Err(error(format!("{} is not a function", export.name)));
                    }
                    exports.push(export);
                }
            }
            Payload::MemorySection(_) | Payload::DataSection(_) | Payload::StartSection { .. } => {
                return Err(error("a memory, data or start of its own"));
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}
