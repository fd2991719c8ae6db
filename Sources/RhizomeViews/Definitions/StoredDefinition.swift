public import Bytes
public import RhizomeCore
internal import SignedStatements
internal import StrictJSON

/// A definition as a delta holds it.
public struct StoredDefinition<Content: Definition>: Sendable {
    /// What it is called, and who signed the definition.
    public let name: DefinitionName
    /// The delta that holds the definition.
    public let delta: DeltaID
    /// When it was written, in µs since 1970.
    public let timeCreated: Timestamp
    private let reading: Reading

    /// What was read of a definition.
    struct Reading: Sendable {
        let definition: Result<Content, DefinitionError>
        /// Its JSON, made once: it takes long where there are thousands of authors.
        let encoded: [UInt8]

        init(_ definition: Result<Content, DefinitionError>) {
            self.definition = definition
            encoded = (try? definition.get().json.encoded) ?? []
        }

        /// About how many bytes of memory it takes.
        var approximateBytes: Int {
            guard case .success(let definition) = definition else { return 1_000 }
            return 500 + encoded.count + definition.approximateBytes
        }
    }

    /// The definition; what is wrong with it where it can't be used, since an author may sign anything.
    public var definition: Result<Content, DefinitionError> { reading.definition }
    /// The definition's JSON as it is told; empty where it can't be used.
    public var encoded: [UInt8] { reading.encoded }
}

extension StoredDefinition {
    /// What a delta defines; `nil` where it is none of this kind and name.
    ///
    /// - Parameter memo: of definitions that were read lately.
    init?(_ name: Text, _ delta: ViewedDelta, memo: Memo<DefinitionKey, any Sendable>?) {
        guard let value = delta.definition(of: name, as: Content.localContext) else { return nil }
        self.name = DefinitionName(name, by: delta.author)
        self.delta = delta.id
        timeCreated = delta.timeCreated
        let key = DefinitionKey(localContext: Content.localContext, name: name, delta: delta.id)
        if let known = memo?.value(of: key) as? Reading {
            reading = known
            return
        }
        reading = Reading(Self.read(value, of: self.name, in: delta.id))
        memo?.keep(reading, of: key, cost: reading.approximateBytes)
    }

    private static func read(
        _ value: Value,
        of name: DefinitionName,
        in delta: DeltaID
    ) -> Result<Content, DefinitionError> {
        func failure(_ field: String, _ reason: String) -> Result<Content, DefinitionError> {
            .failure(DefinitionError(name, delta, kind: Content.kind, field: field, reason))
        }
        guard case .text(let text) = value else {
            return failure("", "a definition is a text of JSON")
        }
        do {
            return .success(try Content(stored: text))
        } catch let error as FieldError {
            return failure(error.field, error.message)
        } catch let error as JSONLogicError {
            return failure("filter\(error.pointer)", error.message)
        } catch let error as JSONError {
            return failure(error.field, error.message)
        } catch {
            return failure("", "it is no definition")
        }
    }
}

/// Under which a definition that was read is kept: deltas don't change.
struct DefinitionKey: Hashable, Sendable {
    /// Of which kind it is.
    let localContext: Text
    /// A delta can define several.
    let name: Text
    /// The delta that holds it.
    let delta: DeltaID
}

extension ViewedDelta {
    /// What this delta says is the definition of that name; `nil` where it says nothing of it.
    ///
    /// - Parameter localContext: of which kind.
    func definition(of name: Text, as localContext: Text) -> Value? {
        let definesIt = pointers.contains { pointer in
            pointer.localContext == localContext
                && pointer.target == .entity(name, targetContext: ControlName.definition)
        }
        guard definesIt else { return nil }
        return pointers.first { $0.localContext == ControlName.definition && $0.value != nil }?.value
    }
}
