/* Made by make_golden.py with cryptotensors 0.2.3; not to be edited. */
#ifndef CT_TEST_GOLDEN_H
#define CT_TEST_GOLDEN_H

#include <stddef.h>

static const char v1_aes256[] =
	"8\x05\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"__crypto_keys__\":\"{\\\"enc\\\":{\\"
	"\"alg\\\":\\\"aes256gcm\\\",\\\"kid\\\":\\\"golden-enc\\\",\\\"kty\\\":\\\"oct\\\"},\\"
	"\"sign\\\":{\\\"alg\\\":\\\"ed25519\\\",\\\"kid\\\":\\\"golden-sign\\\",\\\"kty\\\":\\"
	"\"okp\\\"},\\\"version\\\":\\\"1\\\"}\",\"__encryption__\":\"{\\\"empty\\\":{\\\"wrap"
	"ped_key\\\":\\\"gqEbPHxosKH9Ef9rgq/tL+vlwrRrUKop3nde9AB3OI8=\\\",\\\"key_iv\\\":\\\"Q"
	"+5HS+EywF5lBHJN\\\",\\\"key_tag\\\":\\\"G/4+H0h8VKQJ01Qymx/CWw==\\\",\\\"iv\\\":\\\"\\"
	"\",\\\"tag\\\":\\\"\\\"},\\\"w\\\":{\\\"wrapped_key\\\":\\\"F7igxWr+CnZMMiQlxTtzlkXw+"
	"9kWwNbGUz6j+tmpXdA=\\\",\\\"key_iv\\\":\\\"tKnU2jk3Ick2ZBXT\\\",\\\"key_tag\\\":\\\"p"
	"lBmw8PLRhJXJQUUBLpWDg==\\\",\\\"iv\\\":\\\"HKc8X4zVnPsrNFJ5\\\",\\\"tag\\\":\\\"iJhdw"
	"yfJMoMQm+xmHCLpmA==\\\"},\\\"w\xc3\xb6rter \\\\\\\"q\\\\\\\"\\\\\\\\\\\":{\\\"wrapped"
	"_key\\\":\\\"dmkZiAeqI3inVe3eizmkf86hW0yDr2ugxDA4q29iVfA=\\\",\\\"key_iv\\\":\\\"jN7g"
	"3DNL4gscvMDl\\\",\\\"key_tag\\\":\\\"sD4BFtQPDL4eZYbZKuhuQg==\\\",\\\"iv\\\":\\\"mWT5"
	"dr0klzAKFBIu\\\",\\\"tag\\\":\\\"5DhfEYDfrSLATmGkpNCPoA==\\\"}}\",\"__policy__\":\"{\\"
	"\"local\\\":\\\"package model\\\\nallow = true\\\",\\\"remote\\\":\\\"package model\\"
	"\\nallow = true\\\"}\",\"__signature__\":\"7QkB1u/XRcZVCLQpZ34wykdlbgFMOggWYKPK+bP8+L"
	"31J50H4HQXCxKLxY4o9yNzDJ1sLklD2+7YgtWYpcu/DA==\",\"format\":\"np\",\"note\":\"tab\\th"
	"ere/\x7f\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\"empty"
	"\":{\"dtype\":\"F16\",\"shape\":[0,3],\"data_offsets\":[16,16]},\"clear\":{\"dtype\":"
	"\"I16\",\"shape\":[2],\"data_offsets\":[16,20]},\"w\xc3\xb6rter \\\"q\\\"\\\\\":{\"dt"
	"ype\":\"U8\",\"shape\":[10],\"data_offsets\":[20,30]}}       \x05\x9c""CG\xe7\xc5\xf1"
	"\xe7_>E\xc0jc9\xb0\x01\x02\x03\x04\xf0""Ar5\x15\x87\x0e""E\x13z";

static const char v1_chacha[] =
	"8\x05\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"__crypto_keys__\":\"{\\\"enc\\\":{\\"
	"\"alg\\\":\\\"chacha20poly1305\\\",\\\"kid\\\":\\\"golden-enc\\\",\\\"kty\\\":\\\"oct"
	"\\\"},\\\"sign\\\":{\\\"alg\\\":\\\"ed25519\\\",\\\"kid\\\":\\\"golden-sign\\\",\\\"k"
	"ty\\\":\\\"okp\\\"},\\\"version\\\":\\\"1\\\"}\",\"__encryption__\":\"{\\\"empty\\\":"
	"{\\\"wrapped_key\\\":\\\"CVLPgKlEaoZMHelXG8zni1ThQOBNwfzHUWJtTsET39M=\\\",\\\"key_iv\\"
	"\":\\\"0RhD8a/0JPu95bnk\\\",\\\"key_tag\\\":\\\"65NZEPxDx3V0Si8RwDDRJQ==\\\",\\\"iv\\"
	"\":\\\"\\\",\\\"tag\\\":\\\"\\\"},\\\"w\\\":{\\\"wrapped_key\\\":\\\"11/AovKoI1gVG2b+"
	"HWmgW+IzTqOc6G06s3bvljoTbkA=\\\",\\\"key_iv\\\":\\\"OB6IJCGZqzaagVdh\\\",\\\"key_tag\\"
	"\":\\\"lqzK6KkP28AM5lvN5FRigg==\\\",\\\"iv\\\":\\\"+KJmv6OcVMoqZGJC\\\",\\\"tag\\\":\\"
	"\"0i4FLIlErgcRoQ+3a6mA+g==\\\"},\\\"w\xc3\xb6rter \\\\\\\"q\\\\\\\"\\\\\\\\\\\":{\\\""
	"wrapped_key\\\":\\\"0oz13wOl8PfDUP3LqNAFZDeD4MWKNjAEAay+UHFi+AI=\\\",\\\"key_iv\\\":\\"
	"\"qjYZej8eT/Ymss7r\\\",\\\"key_tag\\\":\\\"O2GG63Spt2hAo7LlhltGMw==\\\",\\\"iv\\\":\\"
	"\"7+0OMKgI+KjCK7/b\\\",\\\"tag\\\":\\\"Zqz1MJMGJLJIKzR/vFkm0w==\\\"}}\",\"__policy__\""
	":\"{\\\"local\\\":\\\"package model\\\\nallow = true\\\",\\\"remote\\\":\\\"package m"
	"odel\\\\nallow = true\\\"}\",\"__signature__\":\"7dc3iaTrVSwocsSjj0lNy80jpAyuOeN1bNrE"
	"s+ZgpRkN3znhs8wN1b+NpQO84WUzXGYHTHGU6/DyzxkEtojpDQ==\",\"format\":\"np\",\"note\":\"t"
	"ab\\there/\x7f\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\""
	"empty\":{\"dtype\":\"F16\",\"shape\":[0,3],\"data_offsets\":[16,16]},\"clear\":{\"dty"
	"pe\":\"I16\",\"shape\":[2],\"data_offsets\":[16,20]},\"w\xc3\xb6rter \\\"q\\\"\\\\\":"
	"{\"dtype\":\"U8\",\"shape\":[10],\"data_offsets\":[20,30]}}7)\x04\x03n\xe5:<t\xe0\xdd"
	"G\xa9\xd7\x99\x14\x01\x02\x03\x04Sy\xe3K\x9dl=\x01\xfd\xa2";

static const char v2_aes128_chunk4[] =
	"\xa8\x05\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"__crypto_keys__\":\"{\\\"chunk_s"
	"ize\\\":4,\\\"enc\\\":{\\\"alg\\\":\\\"aes128gcm\\\",\\\"kid\\\":\\\"golden-enc\\\",\\"
	"\"kty\\\":\\\"oct\\\"},\\\"sign\\\":{\\\"alg\\\":\\\"ed25519\\\",\\\"kid\\\":\\\"gold"
	"en-sign\\\",\\\"kty\\\":\\\"okp\\\"},\\\"version\\\":\\\"2\\\"}\",\"__encryption__\":"
	"\"{\\\"empty\\\":{\\\"wrapped_key\\\":\\\"/Q+j1ISRGUJaFy7LyusQrg==\\\",\\\"key_iv\\\""
	":\\\"Np+D3hZQ31nSBIPJ\\\",\\\"key_tag\\\":\\\"Q6O3QCFXyh4/2YyEjSLuGw==\\\",\\\"base_i"
	"v\\\":\\\"MtJmbPEStk7CRPV+\\\",\\\"tags\\\":\\\"NuWQmtvdnjk+FDm40uNtAw==\\\"},\\\"w\\"
	"\":{\\\"wrapped_key\\\":\\\"R8b61CiIlg7p+Sczylj4eg==\\\",\\\"key_iv\\\":\\\"omcg4ClnV"
	"TMlF8yR\\\",\\\"key_tag\\\":\\\"8M7k3yFjowVQlj/05/2D1Q==\\\",\\\"base_iv\\\":\\\"kTc5"
	"G8vxLixLcnU2\\\",\\\"tags\\\":\\\"1GpzLpprNCcv0WvTto1zcQgfI+EUNpWnixRDH4MZCu7zH7wA3LU"
	"z9PUs02QD9tfMPpRGIn70FPQAcqehqeiWvg==\\\"},\\\"w\xc3\xb6rter \\\\\\\"q\\\\\\\"\\\\\\\\"
	"\\\":{\\\"wrapped_key\\\":\\\"1AvZa69Ry2DH5uqxi6mVGw==\\\",\\\"key_iv\\\":\\\"TM1a69V"
	"BEoa17tjG\\\",\\\"key_tag\\\":\\\"SeLBcQ8hN84DfkkPG02nQA==\\\",\\\"base_iv\\\":\\\"Xr"
	"07Vd97C6IWen3f\\\",\\\"tags\\\":\\\"8Tfx82G6AAcrBJMKwHMFv5K37pnHtGGAnr0e6fPR99zffGbvM"
	"/ESosoG/ezPHNRH\\\"}}\",\"__policy__\":\"{\\\"local\\\":\\\"package model\\\\nallow ="
	" true\\\",\\\"remote\\\":\\\"package model\\\\nallow = true\\\"}\",\"__signature__\":"
	"\"VORURRt4EZw4GcuEOalZ6wTWL3/57ULqJzAueGYOCpJkf7FeNXL/4nkRWmP5qCloZJAEqCZ/9NORE/U1Ga7"
	"dAQ==\",\"format\":\"np\",\"note\":\"tab\\there/\x7f\"},\"w\":{\"dtype\":\"F32\",\"sh"
	"ape\":[2,2],\"data_offsets\":[0,16]},\"empty\":{\"dtype\":\"F16\",\"shape\":[0,3],\"d"
	"ata_offsets\":[16,16]},\"clear\":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[1"
	"6,20]},\"w\xc3\xb6rter \\\"q\\\"\\\\\":{\"dtype\":\"U8\",\"shape\":[10],\"data_offset"
	"s\":[20,30]}}\xad\x06\x1f\xd3\xe9\xbe\xd2,\x96\x80""1\xa4W\xae\x96\x86\x01\x02\x03\x04"
	"\xf7\x05\xf1\x0b\x87\xc9\xab\x05\xa4G";

static const char v2_aes256_chunk16[] =
	"\x80\x05\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"__crypto_keys__\":\"{\\\"chunk_s"
	"ize\\\":16,\\\"enc\\\":{\\\"alg\\\":\\\"aes256gcm\\\",\\\"kid\\\":\\\"golden-enc\\\","
	"\\\"kty\\\":\\\"oct\\\"},\\\"sign\\\":{\\\"alg\\\":\\\"ed25519\\\",\\\"kid\\\":\\\"go"
	"lden-sign\\\",\\\"kty\\\":\\\"okp\\\"},\\\"version\\\":\\\"2\\\"}\",\"__encryption__\""
	":\"{\\\"empty\\\":{\\\"wrapped_key\\\":\\\"+y7v1NWebXwHt8eL5goM6EDYC85H8QQjMe3ZzmhZun"
	"Q=\\\",\\\"key_iv\\\":\\\"Px6ENwk7Wf5Sfw4N\\\",\\\"key_tag\\\":\\\"cThgYvIhZdUfIdanS3"
	"zcMw==\\\",\\\"base_iv\\\":\\\"hnwJzNe54983wVzH\\\",\\\"tags\\\":\\\"qr7N0Mzh1Og3AyG8"
	"rkFnrA==\\\"},\\\"w\\\":{\\\"wrapped_key\\\":\\\"CchfXgyu2IxHGWTX4quTfu0XoXFBdYZ7LXmv"
	"Pbcr3Hg=\\\",\\\"key_iv\\\":\\\"PldMqKh9CGvx7Kac\\\",\\\"key_tag\\\":\\\"t2SjXTGZshVj"
	"xdUfuLuoOQ==\\\",\\\"base_iv\\\":\\\"zcyaZofSdWpKGZ0Y\\\",\\\"tags\\\":\\\"XTQ37OLyHK"
	"SEFU6058xKyw==\\\"},\\\"w\xc3\xb6rter \\\\\\\"q\\\\\\\"\\\\\\\\\\\":{\\\"wrapped_key\\"
	"\":\\\"P3gAbS1Ie7xFeCNji/vIVBGlmRl9cEpECUQDRXgK268=\\\",\\\"key_iv\\\":\\\"bzujN51yuc"
	"JWsXcm\\\",\\\"key_tag\\\":\\\"Lr0cUCR1kVKlr2tFer6FFQ==\\\",\\\"base_iv\\\":\\\"DAo/S"
	"pf/kEaP6ljV\\\",\\\"tags\\\":\\\"uxn/xQevirMNZFRBKi//nQ==\\\"}}\",\"__policy__\":\"{\\"
	"\"local\\\":\\\"package model\\\\nallow = true\\\",\\\"remote\\\":\\\"package model\\"
	"\\nallow = true\\\"}\",\"__signature__\":\"L5r6RhQL7pbzD1q8nGTG3acJhOSOcKGCcE+svMcvnc"
	"LOKg2Ow69YeTmN5G1ydUGGgB96/XjG7IonW19Ik8bOBw==\",\"format\":\"np\",\"note\":\"tab\\th"
	"ere/\x7f\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\"empty"
	"\":{\"dtype\":\"F16\",\"shape\":[0,3],\"data_offsets\":[16,16]},\"clear\":{\"dtype\":"
	"\"I16\",\"shape\":[2],\"data_offsets\":[16,20]},\"w\xc3\xb6rter \\\"q\\\"\\\\\":{\"dt"
	"ype\":\"U8\",\"shape\":[10],\"data_offsets\":[20,30]}}   \xa9i\xd3\xa7\xd8\xea\xfa\x05"
	"\xe7<\x1f""2\xb0H\xcc\xfb\x01\x02\x03\x04%\xc0&c\xc1R\xe3""C\x81O";

static const char v2_chacha_default[] =
	"\x90\x05\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"__crypto_keys__\":\"{\\\"chunk_s"
	"ize\\\":2097152,\\\"enc\\\":{\\\"alg\\\":\\\"chacha20poly1305\\\",\\\"kid\\\":\\\"gol"
	"den-enc\\\",\\\"kty\\\":\\\"oct\\\"},\\\"sign\\\":{\\\"alg\\\":\\\"ed25519\\\",\\\"ki"
	"d\\\":\\\"golden-sign\\\",\\\"kty\\\":\\\"okp\\\"},\\\"version\\\":\\\"2\\\"}\",\"__e"
	"ncryption__\":\"{\\\"empty\\\":{\\\"wrapped_key\\\":\\\"00+UMk25vcYeGcHBMUp0fT3jjpco1"
	"oGaUGr9lhDh7S0=\\\",\\\"key_iv\\\":\\\"gdMmWcIbVPUgTMuA\\\",\\\"key_tag\\\":\\\"WRYFp"
	"YvaE0FM205PU6t4mA==\\\",\\\"base_iv\\\":\\\"xRiF9ACXa6FVRERa\\\",\\\"tags\\\":\\\"N6b"
	"UGeFfmuB1xrYr8zR/0A==\\\"},\\\"w\\\":{\\\"wrapped_key\\\":\\\"tW1uZqgos+80oWoPIfJ6naR"
	"VH9TvjiQL6dneJ9ppdvY=\\\",\\\"key_iv\\\":\\\"t42tVDDZCsstYTRw\\\",\\\"key_tag\\\":\\\""
	"jjCJgcmF83C1wUID/8F+cQ==\\\",\\\"base_iv\\\":\\\"ls6THTqpH7NF9NYf\\\",\\\"tags\\\":\\"
	"\"UmhFHKgpdcCejDeEy5B8pQ==\\\"},\\\"w\xc3\xb6rter \\\\\\\"q\\\\\\\"\\\\\\\\\\\":{\\\""
	"wrapped_key\\\":\\\"Ajcvp7GlFqy29eu4GpuLxNeWhpMeCy24H0O6d1iz++0=\\\",\\\"key_iv\\\":\\"
	"\"Z3GTSadX+cNIBCbO\\\",\\\"key_tag\\\":\\\"5aZRhr68asEJTD4UEO2kZA==\\\",\\\"base_iv\\"
	"\":\\\"AznmVjlwSRJXwLyI\\\",\\\"tags\\\":\\\"XJEqL79PJV6G0VYYVy4ihA==\\\"}}\",\"__pol"
	"icy__\":\"{\\\"local\\\":\\\"package model\\\\nallow = true\\\",\\\"remote\\\":\\\"pa"
	"ckage model\\\\nallow = true\\\"}\",\"__signature__\":\"liP0zHsUI/a6cURI/ZI/NpRNSX0tQ"
	"mT4RqUTyX0qqiuUPhCnY8tQfwIhhLei7/7MrCJwBdifLhzHLunRtOFXAA==\",\"format\":\"np\",\"not"
	"e\":\"tab\\there/\x7f\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0"
	",16]},\"empty\":{\"dtype\":\"F16\",\"shape\":[0,3],\"data_offsets\":[16,16]},\"clear\""
	":{\"dtype\":\"I16\",\"shape\":[2],\"data_offsets\":[16,20]},\"w\xc3\xb6rter \\\"q\\\""
	"\\\\\":{\"dtype\":\"U8\",\"shape\":[10],\"data_offsets\":[20,30]}}       \xa4\xff:\x0d"
	"\xc7\xaeY\xf5\x9d\x8f\xfa\xd4\x84K\x89""C\x01\x02\x03\x04\x97\xb5)\xa2;\x95g\xed\x97\xbb";

static const struct golden {
	const char *name, *bytes;
	size_t size, key_len;
} golden[] = {
	{"v1_aes256", v1_aes256, sizeof v1_aes256 - 1, 32},
	{"v1_chacha", v1_chacha, sizeof v1_chacha - 1, 32},
	{"v2_aes128_chunk4", v2_aes128_chunk4, sizeof v2_aes128_chunk4 - 1, 16},
	{"v2_aes256_chunk16", v2_aes256_chunk16, sizeof v2_aes256_chunk16 - 1, 32},
	{"v2_chacha_default", v2_chacha_default, sizeof v2_chacha_default - 1, 32},
};

#endif
