module hotpair/tools

go 1.26.8
