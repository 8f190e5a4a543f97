// What people read when a file cannot be read or written.

import Execution
import Foundation
import Testing

@Suite struct FileErrorReasonTests {
    @Test("the system's words are told, not the number of Foundation's error")
    func directory() throws {
        let error = try #require(throws: (any Error).self) {
            try Data(contentsOf: URL(filePath: "/", directoryHint: .isDirectory))
        }
        #expect(error.fileReason == "Is a directory")
        #expect(POSIXError(.EACCES).fileReason == "Permission denied")
    }

    @Test("an error without an errno keeps its description")
    func others() {
        #expect(CocoaError(.fileNoSuchFile).fileReason == CocoaError(.fileNoSuchFile).localizedDescription)
    }
}
