// A folder for one test, with a short way to write files into it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace assay::batch {

class TempDir {
 public:
    TempDir() {
        char name[] = "/tmp/assay-batch-test-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path_); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

    // Writes a file, with the folders on its way; gives its path.
    std::string write(std::string_view name, std::string_view bytes) const {
        const std::filesystem::path file = *this / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
        return file.string();
    }

 private:
    std::string path_;
};

// A task of the study, of one object key changed or removed by the caller.
inline std::string task_text(std::string_view name = "flask-openapi-sqlite") {
    return "{\n  \"name\": \"" + std::string(name) +
           "\",\n  \"dockerFolder\": \"uv\",\n  \"patch\": null,\n  \"repoMetadata\": {\n    \"setupCmds\": [\"chmod "
           "+x "
           "run.sh\"],\n    \"runCmds\": [\"./run.sh\"],\n    \"port\": 8080,\n    \"baseUrl\": \"/api\",\n    "
           "\"healthcheckEndpoint\": \"/api/health-check\"\n  },\n  \"postmanCollection\": \"suite.json\"\n}\n";
}

}  // namespace assay::batch
