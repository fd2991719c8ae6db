extension Unicode.Scalar {
    /// Whether the character can be seen and leaves those around it as they are.
    ///
    /// False of controls, of what formats (marks and overrides of direction, zero-width characters, the byte-order
    /// mark), of what fonts pass over (Default_Ignorable_Code_Point), and of what is private or unassigned.
    package var isVisible: Bool {
        if isASCII { return value >= 0x20 && value != 0x7f }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return !properties.isDefaultIgnorableCodePoint
        }
    }
}
