// Threads, monitors and the files they write.

import LinuxSystem
import Synchronization
import Testing

@Suite struct ThreadTests {
    @Test("a thread's body has run when join returns")
    func join() throws {
        let monitor = Monitor(0)
        let thread = try NamedThread.start("a name of more than fifteen bytes") {
            monitor.change { $0 = 7 }
        }
        thread.join()
        #expect(monitor.read { $0 } == 7)
    }

    @Test("a waiting thread is woken by the change it waits for")
    func wake() throws {
        let monitor = Monitor([Int]())
        let far = SystemClock.monotonic() + 60_000_000_000
        let thread = try NamedThread.start("producer") {
            for number in 1...3 { monitor.change { $0.append(number) } }
        }
        let numbers = monitor.wait(until: far) { $0.count == 3 ? $0 : nil }
        #expect(numbers == [1, 2, 3])
        thread.join()
    }

    @Test("a wait whose deadline has passed answers nil")
    func deadline() {
        let monitor = Monitor(false)
        let answer: Bool? = monitor.wait(until: 1) { $0 ? true : nil }
        #expect(answer == nil)
    }

    @Test("a failed call names itself, its path and the reason")
    func systemError() {
        let error = #expect(throws: SystemError.self) {
            _ = try OutputFile(path: "/nowhere/at/all")
        }
        #expect(error?.description == "open /nowhere/at/all: No such file or directory")
    }

    @Test("the process has used memory and time")
    func usage() {
        let usage = ProcessUsage.current()
        #expect(usage.residentBytes > 0)
        #expect(usage.peakResidentBytes > 0)
        #expect(usage.userNanoseconds + usage.systemNanoseconds > 0)
    }
}
