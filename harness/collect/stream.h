// The journal as it grows, for whoever reads along: `assay run --stream`.
//
// Theory of operation: the stream is a reader of events.ndjson with a thread of its own. When the collector has
// written lines, the thread copies the file's new bytes to the reader. So a reader sees no event that is not in
// the journal; one that is slow, or stands still, holds up neither the journal nor the batch and costs no memory;
// one that goes away ends the stream, not the run.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/units.h"
#include "harness/collect/collector.h"

namespace assay::collect {

class JournalStream : public Sink {
 public:
    // Streams what is added to `folder`'s journal from now on. `name` is the reader's, for messages.
    static Result<std::shared_ptr<JournalStream>> open(const std::string& folder, Fd reader, std::string name);
    ~JournalStream() override;  // ends the thread, within what one write to the reader takes

    void on_written() override;  // thread-safe

    // Waits until the reader has all that was written before the call, for at most `patience` when given. An error: the
    // reader went away, or is behind.
    Result<void> finish(std::optional<Millis> patience = {});

 private:
    struct State;
    explicit JournalStream(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Where --stream writes: "-" is stdout, anything else a file or a named pipe (which waits for its reader). A file is
// emptied, or continued with `append`.
Result<Fd> open_reader(const std::string& target, bool append);

}  // namespace assay::collect
