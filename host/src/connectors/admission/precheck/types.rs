//! The type section of a component. Component types are declared inside component types, which wasmparser reads by
//! recursion: 300 KB of them end the process. So the levels are taken apart here, and only what is left of each is given
//! to wasmparser.

use wasmparser::{
    BinaryReader, ComponentDefinedType, ComponentFuncType, ComponentType, ComponentTypeDeclaration, Error,
    SectionLimited,
};

use super::FEATURES;
use super::scope::{Entity, Space};
use super::walk::{Walk, raise};

/// First bytes of component and instance types.
const SCOPES: [u8; 2] = [0x41, 0x42];

/// First bytes of records, variants, tuples, flags and enums, which the number of members follows.
const AGGREGATES: [u8; 5] = [0x72, 0x71, 0x6f, 0x6e, 0x6d];

/// First byte of a declaration that is a type.
const TYPE: u8 = 0x01;

impl<'a> Walk<'a> {
    pub(super) fn type_section(&mut self, section: &SectionLimited<'a, ComponentType<'a>>) -> Result<(), Error> {
        let range = section.range();
        let bytes = self.bytes.get(range.clone()).unwrap_or_default();
        let mut reader = BinaryReader::new_features(bytes, range.start, FEATURES);
        if !self.is_taken(section) {
            return Ok(());
        }
        // How many are still to come: types of the section, then declarations of each type that is open.
        let mut left = vec![reader.read_var_u32()?];
        while let Some(more) = left.last_mut() {
            if let Some(less) = more.checked_sub(1) {
                *more = less;
                let is_declaration = left.len() > 1;
                left.extend(self.next_type(&mut reader, is_declaration)?);
            } else {
                left.pop();
                if !left.is_empty() {
                    let ty = self.leave();
                    self.define(Space::Type, ty);
                }
            }
            if self.blind {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads a type or a declaration, but no further than to the declarations in it, whose number it answers.
    fn next_type(&mut self, reader: &mut BinaryReader<'a>, is_declaration: bool) -> Result<Option<u32>, Error> {
        if is_declaration {
            self.count_definitions(1);
            if reader.clone().read_u8()? != TYPE {
                self.declaration(&reader.read()?);
                return Ok(None);
            }
            reader.read_u8()?;
        }
        let mut ahead = reader.clone();
        let first = ahead.read_u8()?;
        if SCOPES.contains(&first) {
            *reader = ahead;
            if !self.is_too_deep(self.scopes.len()) {
                self.enter();
            }
            return reader.read_var_u32().map(Some);
        }
        if AGGREGATES.contains(&first) {
            raise(&mut self.counts.members, ahead.read_var_u32()?);
            if self.counts.members > self.limits.members {
                self.blind = true;
                return Ok(None);
            }
        }
        let ty = self.plain_type(&reader.read()?);
        self.define(Space::Type, ty);
        Ok(None)
    }

    fn declaration(&mut self, declaration: &ComponentTypeDeclaration<'a>) {
        match declaration {
            ComponentTypeDeclaration::CoreType(ty) => self.core_type(ty),
            ComponentTypeDeclaration::Alias(alias) => self.alias(alias),
            ComponentTypeDeclaration::Import(import) => self.import(import),
            ComponentTypeDeclaration::Export { name, ty } => {
                self.name(name.name);
                self.link(Some(name.name), ty.kind(), self.typed(*ty));
            }
            // Taken apart before.
            ComponentTypeDeclaration::Type(_) => {}
        }
    }

    /// A type without declarations.
    fn plain_type(&mut self, ty: &ComponentType<'a>) -> Entity {
        match ty {
            ComponentType::Func(ComponentFuncType { params, result, .. }) => {
                raise(&mut self.counts.members, params.len());
                let params = params.iter().map(|(_, ty)| ty);
                Entity::of(params.chain(result).map(|ty| self.value(*ty)))
            }
            ComponentType::Defined(ty) => self.defined_type(ty),
            ComponentType::Resource { .. } | ComponentType::Component(_) | ComponentType::Instance(_) => Entity::LEAF,
        }
    }

    fn defined_type(&self, ty: &ComponentDefinedType<'a>) -> Entity {
        match ty {
            ComponentDefinedType::Record(fields) => Entity::of(fields.iter().map(|(_, ty)| self.value(*ty))),
            ComponentDefinedType::Variant(cases) => {
                Entity::of(cases.iter().map(|case| case.ty.map_or(Entity::LEAF, |ty| self.value(ty))))
            }
            ComponentDefinedType::Tuple(types) => Entity::of(types.iter().map(|ty| self.value(*ty))),
            ComponentDefinedType::Flags(names) | ComponentDefinedType::Enum(names) => {
                Entity::of(names.iter().map(|_| Entity::LEAF))
            }
            ComponentDefinedType::List(ty)
            | ComponentDefinedType::FixedLengthList(ty, _)
            | ComponentDefinedType::Option(ty) => Entity::of([self.value(*ty)]),
            ComponentDefinedType::Map(key, value) => Entity::of([self.value(*key), self.value(*value)]),
            ComponentDefinedType::Result { ok, err } => Entity::of(ok.iter().chain(err).map(|ty| self.value(*ty))),
            ComponentDefinedType::Future(ty) | ComponentDefinedType::Stream(ty) => {
                Entity::of(ty.iter().map(|ty| self.value(*ty)))
            }
            ComponentDefinedType::Primitive(_) | ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => {
                Entity::LEAF
            }
        }
    }
}
