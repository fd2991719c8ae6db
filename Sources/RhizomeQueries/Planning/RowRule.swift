internal import Bytes
internal import RhizomeViews
internal import StrictJSON

/// A JSON-Logic rule over rows.
struct RowRule: Sendable {
    let rule: JSONLogicRule
    /// The columns that it can look at; `nil` where it may be any.
    let columns: Set<Text>?
    /// Where it stands in the query.
    let place: QueryParser.Place
    /// Where the operator stands that has it.
    let home: QueryParser.Place

    /// Compiles a rule with the parameters' values in their places.
    ///
    /// - Throws: ``QueryFault`` at its faulty part.
    init(
        _ json: JSONValue,
        _ parameters: QueryParameters,
        at place: QueryParser.Place,
        of home: QueryParser.Place
    ) throws(QueryFault) {
        self.place = place
        self.home = home
        let json = try parameters.filled(json, at: place)
        do {
            rule = try JSONLogicRule(json)
        } catch {
            throw QueryFault(at: place + error.path, error.message)
        }
        columns = rule.membersRead
    }

    private init(_ rule: JSONLogicRule, at place: QueryParser.Place, of home: QueryParser.Place) {
        self.rule = rule
        self.home = home
        self.place = place
        columns = rule.membersRead
    }

    /// Refuses columns that rows of this header haven't.
    func check(_ header: Header) throws(QueryFault) {
        for column in columns ?? [] where header.index(of: column) == nil && !header.isOpen {
            throw header.missing(column, at: place)
        }
    }

    /// Whether it looks at none but these columns.
    func reads(onlyFrom header: Header) -> Bool {
        columns?.allSatisfy { header.index(of: $0) != nil } ?? false
    }

    /// The rules that all have to be truthy where this one is to be: those of `and`.
    var conjuncts: [RowRule] {
        guard let object = rule.json.object, object.count == 1, let items = object["and"]?.array, !items.isEmpty else {
            return [self]
        }
        var conjuncts: [RowRule] = []
        for (index, item) in items.enumerated() {
            // A part of a rule is a rule.
            guard let part = try? JSONLogicRule(item) else { return [self] }
            conjuncts += RowRule(part, at: place + [.member("and"), .item(index)], of: home).conjuncts
        }
        return conjuncts
    }

    /// The texts to one of which a column has to be equal, where the rule says just that: `==` or `===` with a text, `in`
    /// with an array of texts.
    func texts(of column: Text) -> [Text]? {
        guard let object = rule.json.object, object.count == 1, let member = object.members.first,
            let items = member.value.array, items.count == 2
        else { return nil }
        func isColumn(_ json: JSONValue) -> Bool {
            guard let variable = json.object, variable.count == 1, let path = variable["var"] else { return false }
            return path.text == column || path.array == [.text(column)]
        }
        switch member.name {
        case "==", "===":
            if isColumn(items[0]), let text = items[1].text { return [text] }
            if isColumn(items[1]), let text = items[0].text { return [text] }
            return nil
        case "in":
            guard isColumn(items[0]), let list = items[1].array else { return nil }
            let texts = list.compactMap(\.text)
            return texts.count == list.count ? texts : nil
        default: return nil
        }
    }
}
