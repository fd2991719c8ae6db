public import Bytes
public import SignedStatements

extension Perspective {
    /// How a context looks.
    ///
    /// - Parameters:
    ///   - exclusion: what trust keeps out, today's whatever the context's `asOf`.
    ///   - petname: what a person calls an author; its filter sees it.
    public init(
        of context: ContextDefinition,
        without exclusion: Exclusion,
        petname: @escaping @Sendable (PublicKey) -> String? = { _ in nil }
    ) {
        self.init(without: exclusion)
        asOf = context.asOf
        moderators = Set(context.moderators ?? [])
        refusesForked = context.forked == .refuse
        filters = context.filter.map { [DeltaFilter($0.rule, name: "context.filter", petname: petname)] } ?? []
        resolvers = context.resolvers ?? ResolverTable()
        ranking = context.ranking
        if case .these(let authors) = context.authors { self.authors = Set(authors) }
    }

    /// Looks from here at less (spec: views.md, "Contexts").
    ///
    /// - Parameters:
    ///   - asOf: replaces the moment, where there is one.
    ///   - authors: of those who count only these.
    ///   - without: don't count besides, nor as moderators.
    ///   - filter: has to be passed too.
    public func narrowed(
        asOf: Timestamp? = nil,
        authors: Set<PublicKey>? = nil,
        without: Set<PublicKey> = [],
        filter: DeltaFilter? = nil
    ) -> Perspective {
        var narrowed = self
        narrowed.asOf = asOf ?? self.asOf
        if let authors { narrowed.authors = self.authors?.intersection(authors) ?? authors }
        narrowed.without.formUnion(without)
        if let filter { narrowed.filters.append(filter) }
        return narrowed
    }
}
