public import Bytes
public import RhizomeCore
internal import SignedStatements
internal import StrictJSON

/// A context as a delta defines it.
public struct StoredContext: Sendable {
    /// What it is called, and who signed the definition.
    public let name: ContextName
    /// The delta that holds the definition.
    public let delta: DeltaID
    /// When it was written, in µs since 1970.
    public let timeCreated: Timestamp
    private let reading: Reading

    /// What was read of a definition.
    struct Reading: Sendable {
        let definition: Result<ContextDefinition, ContextError>
        /// Its JSON, made once: it takes long where there are thousands of authors.
        let encoded: [UInt8]

        init(_ definition: Result<ContextDefinition, ContextError>) {
            self.definition = definition
            encoded = (try? definition.get().json.encoded) ?? []
        }

        /// About how many bytes of memory it takes.
        ///
        /// A compiled rule takes up to 23 times its text, measured: that of the costliest rules.
        var approximateBytes: Int {
            guard case .success(let definition) = definition else { return 1_000 }
            let keys = definition.ranking.count + (definition.moderators?.count ?? 0)
            let rule = definition.filter.map { $0.json.encoded.count } ?? 0
            return 500 + encoded.count + Bytes32.count * keys + 23 * rule
        }
    }

    /// The definition; what is wrong with it where it can't be used, since an author may sign anything.
    public var definition: Result<ContextDefinition, ContextError> { reading.definition }
    /// The definition's JSON as it is told; empty where it can't be used.
    public var encoded: [UInt8] { reading.encoded }
}

/// Why a stored definition can't be used.
public struct ContextError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The definition isn't the JSON that http.md describes.
        case malformed
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// Whose definition it is, and under which name.
    public let context: ContextName
    /// Which delta holds it.
    public let delta: DeltaID
    /// The way to the fault; empty at the whole definition.
    ///
    /// Holds names that the author chose: escape it for terminals.
    public let field: String
    /// What is wrong and what to do.
    public let message: String

    init(_ context: ContextName, _ delta: DeltaID, field: String, _ reason: String) {
        code = .malformed
        self.context = context
        self.delta = delta
        self.field = field
        message = "this context's stored definition can't be used, its author has to write another: \(reason)"
    }
}

extension StoredContext {
    /// What a delta defines as a context; `nil` where it is none of this name.
    ///
    /// - Parameter memo: of definitions that were read lately.
    init?(_ name: Text, _ delta: ViewedDelta, memo: Memo<DefinitionKey, Reading>?) {
        guard let value = delta.definition(of: name) else { return nil }
        self.name = ContextName(name, by: delta.author)
        self.delta = delta.id
        timeCreated = delta.timeCreated
        let key = DefinitionKey(delta: delta.id, name: name)
        if let known = memo?.value(of: key) {
            reading = known
            return
        }
        reading = Reading(Self.read(value, of: self.name, in: delta.id))
        memo?.keep(reading, of: key, cost: reading.approximateBytes)
    }

    private static func read(
        _ value: Value,
        of name: ContextName,
        in delta: DeltaID
    ) -> Result<ContextDefinition, ContextError> {
        guard case .text(let text) = value else {
            return .failure(ContextError(name, delta, field: "", "a definition is a text of JSON"))
        }
        do {
            return .success(try ContextDefinition(stored: text))
        } catch let error as FieldError {
            return .failure(ContextError(name, delta, field: error.field, error.message))
        } catch let error as JSONLogicError {
            return .failure(ContextError(name, delta, field: "filter\(error.pointer)", error.message))
        } catch let error as JSONError {
            return .failure(ContextError(name, delta, field: error.field, error.message))
        } catch {
            return .failure(ContextError(name, delta, field: "", "it is no definition"))
        }
    }
}

/// Under which a definition that was read is kept: deltas don't change.
struct DefinitionKey: Hashable, Sendable {
    /// The delta that holds it.
    let delta: DeltaID
    /// A delta can define several contexts.
    let name: Text
}

extension ViewedDelta {
    /// What this delta says is the definition of a context of that name; `nil` where it says nothing of it.
    func definition(of name: Text) -> Value? {
        let definesIt = pointers.contains { pointer in
            pointer.localContext == ControlName.context
                && pointer.target == .entity(name, targetContext: ControlName.definition)
        }
        guard definesIt else { return nil }
        return pointers.first { $0.localContext == ControlName.definition && $0.value != nil }?.value
    }
}
