// SPDX-License-Identifier: MIT
// The same from C++, in the words of C++11. usage: publish URL KEY USER
#include <tidings/tidings.h>

#include <iostream>
#include <memory>
#include <string>

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    tidings_options options = TIDINGS_OPTIONS;
    char problem[TIDINGS_PROBLEM_MAX];
    options.url = argv[1];
    options.api_key = argv[2];
    options.done = [](void *, const tidings_outcome *outcome) {
        std::cout << outcome->id << ' ' << outcome->channel << ' ' << tidings_result_text(outcome->result) << '\n';
    };
    const std::unique_ptr<tidings, void (*)(tidings *)> publisher(tidings_new(&options, problem), tidings_free);
    if (!publisher) {
        std::cerr << problem << '\n';
        return 1;
    }
    for (std::string line; std::getline(std::cin, line);)
        tidings_publish_user(publisher.get(), argv[3], line.data(), line.size());
    return tidings_flush(publisher.get(), 10000) == TIDINGS_OK ? 0 : 1;
}
