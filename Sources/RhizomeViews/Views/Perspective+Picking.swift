internal import SignedStatements

extension Perspective {
    /// The deltas that trust, the moment, authors and filters leave, each looked at by itself: whether it is negated, or its
    /// transaction complete, is another matter.
    ///
    /// - Throws: ``JSONLogicError`` where a filter costs too much.
    package func picked(among deltas: [ViewedDelta]) throws(JSONLogicError) -> [ViewedDelta] {
        var left = deltas.filter { leaves($0) && picks($0.author) }
        for filter in filters { left = try filter.passing(left) }
        return left
    }
}
