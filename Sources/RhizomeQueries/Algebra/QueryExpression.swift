public import Bytes
public import StrictJSON

/// A relation, told by how it is made of others (spec: query.md).
///
/// A relation is a set of rows: equal rows are one. A cell holds a value, null among them, or is absent.
public indirect enum QueryExpression: Hashable, Sendable {
    /// One row for each visible entity: `id` and the named properties.
    case entities(Entities)
    /// One row for each visible delta of a relation of a schema: its roles, `_delta`, `_creator` and `_time`.
    case relation(Relation)
    /// One row for each visible delta about a property: its roles, `_delta`, `_creator` and `_time`.
    case deltas(Deltas)
    /// Given rows, a value for each column.
    case values(columns: [Text], rows: [[JSONValue]])
    /// An entry of `let`.
    case named(Text)
    /// The rows for which a JSON-Logic rule is truthy.
    case select(QueryExpression, JSONValue)
    /// These columns alone.
    case project(QueryExpression, [Text])
    /// Columns under other names.
    case rename(QueryExpression, [Renaming])
    /// More columns, each computed by a JSON-Logic rule.
    case extend(QueryExpression, [Extension])
    /// Rows of two relations side by side.
    case join(QueryExpression, QueryExpression, Join)
    /// The rows that any has.
    case union([QueryExpression])
    /// The rows that all have.
    case intersect([QueryExpression])
    /// The rows of the first that the second hasn't.
    case except(QueryExpression, QueryExpression)
    /// One row for each group of rows.
    case group(QueryExpression, Grouping)
    /// The rows in an order.
    case order(QueryExpression, [OrderKey])
    /// The first rows of what is ordered.
    case limit(QueryExpression, Int)
    /// The pairs that are reachable by steps from pair to pair.
    case closure(QueryExpression, Closure)

    /// A column and what fills it.
    public struct Column: Hashable, Sendable {
        /// The column's name.
        public let name: Text
        /// The property, or the role, whose value it has.
        public let source: Text

        /// A column.
        public init(_ name: Text, from source: Text) {
            self.name = name
            self.source = source
        }
    }

    /// Which entities, with which properties.
    public struct Entities: Hashable, Sendable {
        /// The collection; all visible entities where `nil`.
        public let collection: Text?
        /// The schema whose members alone are meant.
        public let schema: Text?
        /// The columns besides `id`; every property that any of them has where `nil`.
        public let columns: [Column]?

        /// Entities.
        public init(of collection: Text? = nil, schema: Text? = nil, columns: [Column]? = nil) {
            self.collection = collection
            self.schema = schema
            self.columns = columns
        }

        /// Entities with columns called as their properties.
        public init(of collection: Text? = nil, schema: Text? = nil, properties: [Text]) {
            self.init(of: collection, schema: schema, columns: properties.map { Column($0, from: $0) })
        }
    }

    /// The deltas of a relation that a schema describes.
    public struct Relation: Hashable, Sendable {
        /// The schema.
        public let schema: Text
        /// The relation's name in it.
        public let name: Text
        /// The columns with their roles; all roles where `nil`.
        public let columns: [Column]?

        /// The deltas of a relation.
        public init(of schema: Text, _ name: Text, columns: [Column]? = nil) {
            self.schema = schema
            self.name = name
            self.columns = columns
        }
    }

    /// Deltas about a property, whatever the entity.
    public struct Deltas: Hashable, Sendable {
        /// The property: a target context.
        public let property: Text
        /// The columns with their roles: local contexts.
        public let columns: [Column]

        /// Deltas about a property.
        public init(about property: Text, columns: [Column]) {
            self.property = property
            self.columns = columns
        }
    }

    /// A column's other name.
    public struct Renaming: Hashable, Sendable {
        /// What it is called below.
        public let old: Text
        /// What it is called from here on.
        public let new: Text

        /// Another name for a column.
        public init(_ old: Text, to new: Text) {
            self.old = old
            self.new = new
        }
    }

    /// A column that is computed.
    public struct Extension: Hashable, Sendable {
        /// The column's name.
        public let column: Text
        /// The JSON-Logic rule, which sees the row.
        public let rule: JSONValue

        /// A column that a rule computes.
        public init(_ column: Text, by rule: JSONValue) {
            self.column = column
            self.rule = rule
        }
    }

    /// How rows of two relations find each other.
    public struct Join: Hashable, Sendable {
        /// What becomes of rows with and without partner.
        public enum Kind: String, CaseIterable, Sendable {
            /// Each pair of partners.
            case inner
            /// The same, and left rows without partner.
            case left
            /// Left rows with a partner.
            case semi
            /// Left rows without.
            case anti
        }

        /// Two columns whose values are equal in partners.
        public struct Pair: Hashable, Sendable {
            /// Of the left relation.
            public let left: Text
            /// Of the right one.
            public let right: Text

            /// Two columns.
            public init(_ left: Text, _ right: Text) {
                self.left = left
                self.right = right
            }
        }

        /// What becomes of rows with and without partner.
        public let kind: Kind
        /// Columns with equal values; those that both relations have where `nil`.
        public let pairs: [Pair]?
        /// A JSON-Logic rule that partners have to satisfy, which sees both rows as one.
        public let rule: JSONValue?

        /// A way of joining.
        public init(_ kind: Kind = .inner, on pairs: [Pair]? = nil, where rule: JSONValue? = nil) {
            self.kind = kind
            self.pairs = pairs
            self.rule = rule
        }
    }

    /// What groups are made by, and what is told of each.
    public struct Grouping: Hashable, Sendable {
        /// A column that tells something of a group.
        public struct Aggregate: Hashable, Sendable {
            /// What is told; exact, as the resolvers of views are (spec: views.md, "Lossy").
            public enum Function: String, CaseIterable, Sendable {
                /// How many rows the group has.
                case count
                /// The true sum of the numbers, rounded once.
                case sum
                /// The least number.
                case min
                /// The greatest number.
                case max
                /// The true quotient of the numbers' sum and their count, rounded once.
                case average
                /// An array of the distinct values but null, in the order of results.
                case all
                /// How many distinct values there are besides null.
                case countDistinct
            }

            /// The column's name.
            public let column: Text
            /// What is told.
            public let function: Function
            /// Of which column; `nil` for ``Function/count`` alone.
            public let argument: Text?

            /// A column that tells something of a group.
            public init(_ column: Text, _ function: Function, of argument: Text? = nil) {
                self.column = column
                self.function = function
                self.argument = argument
            }
        }

        /// Rows with equal cells here are a group; where there is none, all rows are one, even if there are no rows.
        public let columns: [Text]
        /// What is told of each group.
        public let aggregates: [Aggregate]

        /// Groups.
        public init(by columns: [Text], with aggregates: [Aggregate]) {
            self.columns = columns
            self.aggregates = aggregates
        }
    }

    /// A column by which rows are ordered.
    public struct OrderKey: Hashable, Sendable {
        /// The column.
        public let column: Text
        /// Whether the greatest comes first.
        public let isDescending: Bool

        /// An order by a column.
        public init(_ column: Text, descending isDescending: Bool = false) {
            self.column = column
            self.isDescending = isDescending
        }
    }

    /// Which steps are taken from where, and how many.
    public struct Closure: Hashable, Sendable {
        /// Where the steps begin.
        public enum Start: Hashable, Sendable {
            /// With these values.
            case values([JSONValue])
            /// With the values of a relation that has one column.
            case relation(QueryExpression)
        }

        /// Steps where it isn't told how many.
        public static let standardSteps = 64

        /// The column that holds where a step begins.
        public let from: Text
        /// The column that holds where it leads.
        public let to: Text
        /// Where the steps begin; everywhere where `nil`.
        public let start: Start?
        /// The column that tells how many steps it takes, where one is wanted.
        public let depth: Text?
        /// How many steps at most; 1 or more.
        public let atMost: Int

        /// Steps.
        public init(
            from: Text,
            to: Text,
            start: Start? = nil,
            depth: Text? = nil,
            atMost: Int = Self.standardSteps
        ) {
            self.from = from
            self.to = to
            self.start = start
            self.depth = depth
            self.atMost = atMost
        }
    }
}
